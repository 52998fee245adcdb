// Follows one run to its end over connections that may break.
//
// `first()` opens the stream, `again(lastId)` opens it anew after that message. A stream
// that ends without `[DONE]`, or is silent for longer than any heartbeat, is broken. What
// was heard twice is told once. Where there is no `[DONE]`, `isLast(event)` knows the end;
// `left()` says that nobody wants to hear more.

import { EventReader } from "./sse.js";

// Together a little less than the time a server waits for a dropped reader (15 s).
export const PAUSES_MS = [200, 800, 2000, 4000, 6000];

// The server speaks at least every 10 s unless told otherwise; three of those are missing.
export const SILENCE_MS = 35000;

class Broken extends Error {}

// Returns "ended", "interrupted" or "left"; throws what the server refused.
export async function follow(
  { first, again, hear, lost = () => {}, left = () => false, isLast = () => false },
  { pausesMs = PAUSES_MS, silenceMs = SILENCE_MS } = {},
) {
  let lastId = 0;
  let tries = 0;
  let open = first;
  for (;;) {
    try {
      const response = await open(lastId);
      if (response.status === 204) return "ended";
      for await (const event of eventsOf(response, silenceMs)) {
        if (left()) return "left";
        if (event.data === "[DONE]") return "ended";
        const id = Number(event.id);
        if (id <= lastId) continue;
        const told = parsed(event.data);
        hear(told);
        if (isLast(told)) return "ended";
        lastId = id;
        tries = 0; // after it was heard, or a message we choke on would be fetched for ever
      }
    } catch (error) {
      if (left()) return "left";
      if (!(error instanceof Broken || mayPass(error.status, open === first))) throw error;
    }
    if (left()) return "left";
    if (tries === pausesMs.length) return "interrupted";
    lost();
    await new Promise((resolve) => setTimeout(resolve, pausesMs[tries]));
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
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, body.read());
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
  const broken = (error) => {
    throw new Broken(error.message);
  };
  return Promise.race([promise.catch(broken), silence]).finally(() => clearTimeout(timer));
}
