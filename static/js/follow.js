// Follows one run to its end over connections that may break.
//
// `first(lastId, signal)` opens the stream, `again(lastId, signal)` opens it anew after that
// message. One that is not answered, ends without `[DONE]`, or is silent for longer than any
// heartbeat, is broken, and its `signal` aborts. What was heard twice is told once; a message
// without a number is the farewell of a server that stops, not of the run. Where there is no
// `[DONE]`, `isLast(event)` knows the end; `left` is a signal that nobody wants to hear more.

import { EventReader } from "./sse.js";

// Together a little less than the time a server waits for a dropped reader (15 s).
export const PAUSES_MS = [200, 800, 2000, 4000, 6000];

// The server speaks at least every 10 s unless told otherwise; three of those are missing.
export const SILENCE_MS = 35000;

// Until a request is answered. A stream is, before anything is known that it will say.
export const ANSWER_MS = 20000;

class Broken extends Error {}

// Returns "ended", "interrupted" or "left"; throws what the server refused.
export async function follow(
  { first, again, hear, lost = () => {}, left = new AbortController().signal, isLast = () => false },
  { pausesMs = PAUSES_MS, silenceMs = SILENCE_MS, answerMs = ANSWER_MS, lastId = 0 } = {},
) {
  let tries = 0;
  let open = first;
  for (;;) {
    const connection = new AbortController();
    const leave = () => connection.abort(); // a browser has few connections to one server
    left.addEventListener("abort", leave);
    try {
      const response = await within(answerMs, open(lastId, connection.signal));
      if (response.status === 204) return "ended";
      for await (const event of eventsOf(response, silenceMs)) {
        if (left.aborted) return "left";
        if (event.data === "[DONE]") return "ended";
        const id = Number(event.id);
        if (id <= lastId) continue;
        const told = parsed(event.data);
        hear(told, id);
        if (isLast(told)) return "ended";
        lastId = id;
        tries = 0; // after it was heard, or a message we choke on would be fetched for ever
      }
    } catch (error) {
      if (left.aborted) return "left";
      if (!(error instanceof Broken || mayPass(error.status, open === first))) throw error;
    } finally {
      left.removeEventListener("abort", leave);
      leave();
    }
    if (left.aborted) return "left";
    if (tries === pausesMs.length) return "interrupted";
    lost();
    await new Promise((resolve) => setTimeout(resolve, pausesMs[tries]));
    if (left.aborted) return "left";
    tries += 1;
    open = again;
  }
}

// No answer (0) may pass at any time; a refusal only for one who was let in before.
function mayPass(status, isFirst) {
  return status === 0 || (!isFirst && (status === 429 || status >= 500));
}

function parsed(data) {
  try {
    return JSON.parse(data);
  } catch {
    throw new Broken("not JSON");
  }
}

async function* eventsOf(response, silenceMs) {
  const body = response.body.getReader();
  const reader = new EventReader();
  const read = () => body.read().catch((error) => Promise.reject(new Broken(error.message)));
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, read());
      if (done) return;
      yield* reader.push(value);
    }
  } finally {
    body.cancel().catch(() => {}); // it may have broken by itself already
  }
}

function within(ms, promise) {
  let timer;
  const silence = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Broken("silence")), ms);
  });
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
}
