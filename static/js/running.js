// One run: asked or come back to, followed to its end, told as it goes.
//
//   const running = new Running(new Api(), () => show(running.session));
//   await running.ask({ query: "What happens?", models: ["cuts"], video_id: "sample" });
//
// `changed` is called for every event and once a second while the run goes on, so that
// elapsed times can be shown: draw once per frame, not once per call.

import { ApiError, NO_ANSWER } from "./api.js";
import { follow } from "./follow.js";
import { ANALYSIS } from "./kinds.js";

export class Running {
  lost = false; // the connection broke and is being tried again
  #skewMs = 0; // how far the server's clock is ahead of ours
  #lastId = 0;
  #leaving = new AbortController();

  // `timing` is that of `follow`.
  constructor(api, changed, { kind = ANALYSIS, labelOf, timing } = {}) {
    this.api = api;
    this.changed = changed;
    this.kind = kind;
    this.timing = timing;
    this.session = kind.begin({ labelOf });
  }

  // The time by the server's clock, which is that of `since` in the session's models.
  get now() {
    return Date.now() + this.#skewMs;
  }

  // Nobody wants to hear more of it here. A server whose last reader has left cancels an
  // analysis or a comparison after a while; a commentary goes on.
  leave() {
    this.changed = () => {};
    this.#leaving.abort();
  }

  ask(question) {
    const key = randomKey();
    const ask = (lastId, signal) => this.kind.ask(this.api, question, { key, lastId, signal });
    // Before the first message there is no id to come back to, but the key finds the run.
    const again = (lastId, signal) => (this.session.runId ? this.#again(ask, lastId, signal) : ask(lastId, signal));
    return this.#follow(ask, again);
  }

  // `question`: what it was asked, where it shall be gone on with should its server stop.
  comeBack(id, question) {
    const ask = question && ((lastId, signal) => this.kind.ask(this.api, question, { lastId, signal }));
    const stream = (lastId, signal) => this.#again(ask, lastId, signal, id);
    return this.#follow(stream, stream);
  }

  // One that was interrupted, from the message after the last that was heard.
  goOn(question) {
    this.session.reopen();
    return this.comeBack(this.session.runId, question);
  }

  // A stream of a run costs nothing. Where it has nothing to say, and no end either, the
  // server that worked on it has stopped: nobody does, until it is asked for again.
  async #again(ask, lastId, signal, id = this.session.runId) {
    const response = await this.api.stream(id, lastId, signal);
    if (response.status !== 204 || !this.kind.goesOn || !ask) return response;
    const more = await ask(lastId, signal);
    const other = more.headers.get("X-Run-Id") ?? id;
    if (other === id) return more;
    throw new ApiError(410, "gone", "Another commentary has taken the place of this one. Start again to watch that one.");
  }

  // Throws only when nothing of the run was heard; after that its own words say what broke.
  async #follow(first, again) {
    const tick = setInterval(() => this.changed(), 1000);
    const timed = (open) => async (...how) => this.#readClock(await open(...how));
    try {
      const end = await follow(
        {
          first: timed(first),
          again: timed(again),
          hear: (event, id) => this.#hear(event, id),
          lost: () => this.#lose(),
          isLast: this.kind.isLast,
          left: this.#leaving.signal,
        },
        { ...this.timing, lastId: this.#lastId },
      );
      if (end === "left") return;
      if (!this.session.runId) throw new ApiError(0, "network", NO_ANSWER);
    } catch (error) {
      if (!this.session.runId || !(error instanceof ApiError)) throw error;
      this.session.problem = error.message;
    } finally {
      clearInterval(tick);
      this.lost = false;
      this.session.close();
      this.changed();
    }
  }

  #hear(event, id) {
    this.lost = false;
    this.#lastId = id;
    this.session.apply(event, this.now);
    this.changed();
  }

  #readClock(response) {
    const told = Date.parse(response.headers.get("Date"));
    if (told) this.#skewMs = told - Date.now();
    return response;
  }

  #lose() {
    this.lost = true;
    this.changed();
  }
}

function randomKey() {
  const bytes = new Uint8Array(16);
  if (globalThis.crypto) crypto.getRandomValues(bytes); // randomUUID needs https
  else bytes.forEach((_, at) => (bytes[at] = 256 * Math.random())); // Node 18
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
