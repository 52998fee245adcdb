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
  #leaving = new AbortController();

  constructor(api, changed, { kind = ANALYSIS, labelOf } = {}) {
    this.api = api;
    this.changed = changed;
    this.kind = kind;
    this.session = kind.begin({ labelOf });
  }

  // The time by the server's clock, which is that of `since` in the session's models.
  get now() {
    return Date.now() + this.#skewMs;
  }

  // Nobody looks at it any more: it goes on at the server, and unheard here.
  leave() {
    this.changed = () => {};
    this.#leaving.abort(); // a browser has few connections to one server
  }

  ask(question) {
    const key = randomKey();
    const { signal } = this.#leaving;
    const ask = (lastId) => this.kind.ask(this.api, question, { key, lastId, signal });
    // Before the first message there is no id to come back to, but the key finds the run.
    const again = (lastId) => {
      const { runId } = this.session;
      return runId ? this.api.stream(runId, lastId, signal) : ask(lastId);
    };
    return this.#follow(ask, again);
  }

  comeBack(id) {
    const stream = (lastId) => this.api.stream(id, lastId, this.#leaving.signal);
    return this.#follow(stream, stream);
  }

  // Throws only when nothing of the run was heard; after that its own words say what broke.
  async #follow(first, again) {
    const tick = setInterval(() => this.changed(), 1000);
    const timed = (open) => async (lastId) => this.#readClock(await open(lastId));
    try {
      const end = await follow({
        first: timed(first),
        again: timed(again),
        hear: (event) => this.#hear(event),
        lost: () => this.#lose(),
        isLast: this.kind.isLast,
        left: () => this.#leaving.signal.aborted,
      });
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

  #hear(event) {
    this.lost = false;
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
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID needs https
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
