// A run as a store, for front ends that draw what a store holds: `subscribe(listener)`
// gives back how to unsubscribe, `get()` what there is to show, the same object until
// something changes. Listeners are told at most every `everyMs`, however many pieces come.

import { Running } from "./running.js";
import { textOf } from "./session.js";

const IDLE = { runId: null, state: "idle", lost: false, problem: null, totals: null, models: [] };

export class RunStore {
  #listeners = new Set();
  #running = null;
  #shown = IDLE;
  #timer = null;

  // `how`: {kind, labelOf} as for a Running.
  constructor(api, { everyMs = 50, ...how } = {}) {
    this.api = api;
    this.everyMs = everyMs;
    this.how = how;
  }

  // These two are handed on as they are: they know what they belong to.
  subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  get = () => this.#shown;

  // Until the end of the run. Throws what the server refused.
  ask(question) {
    return this.#begin((running) => running.ask(question));
  }

  comeBack(runId) {
    return this.#begin((running) => running.comeBack(runId));
  }

  stop() {
    return this.api.stop(this.#shown.runId);
  }

  stopModel(slot) {
    return this.api.stopModel(this.#shown.runId, slot);
  }

  // Nothing more is heard; the run goes on at the server for a while.
  leave() {
    this.#running?.leave();
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #begin(start) {
    this.leave();
    const running = new Running(this.api, () => this.#changed(), this.how);
    this.#running = running;
    this.#tell();
    try {
      await start(running);
    } finally {
      if (this.#running === running) this.#tell();
    }
  }

  #changed() {
    this.#timer ??= setTimeout(() => this.#tell(), this.everyMs);
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#shown = snapshotOf(this.#running);
    for (const listener of [...this.#listeners]) listener();
  }
}

export function snapshotOf({ session, lost, now }) {
  const { runId, state, problem, totals } = session;
  const models = [...session.models.values()].map(({ pieces, since, ...model }) => ({
    ...model,
    text: textOf({ pieces }),
    seconds: since === null ? null : Math.max(0, Math.floor((now - since) / 1000)),
  }));
  return { runId, state, lost, problem, totals, models };
}
