// A run as a store, for front ends that draw what a store holds: `subscribe(listener)`
// gives back how to unsubscribe, `get()` what there is to show, the same object until
// something changes. Listeners are told at most every `everyMs`, however many pieces come.

import { Running } from "./running.js";

const IDLE = { runId: null, state: "idle", busy: false, lost: false, problem: null, totals: null, models: [] };

export class RunStore {
  #listeners = new Set();
  #running = null;
  #texts = null;
  #asked = null; // a promise, while a run is asked or goes on
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

  // Until the end of the run. Throws what the server refused. One at a time: while a run is
  // asked or goes on (`busy`), a second press of the same button pays nothing, and is told
  // of the first. `leave` before asking something else.
  ask(question) {
    return this.#asked ?? this.#begin((running) => running.ask(question));
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
    if (!this.#asked) return;
    this.#asked = null;
    this.#tell();
  }

  #begin(start) {
    this.leave();
    const running = new Running(this.api, () => this.#changed(), this.how);
    this.#running = running;
    this.#texts = new Texts();
    const asked = start(running).finally(() => {
      if (this.#asked !== asked) return; // left, or another is shown
      this.#asked = null;
      this.#tell();
    });
    this.#asked = asked;
    this.#tell();
    return asked;
  }

  #changed() {
    this.#timer ??= setTimeout(() => this.#tell(), this.everyMs);
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#shown = { ...snapshotOf(this.#running, this.#texts), busy: this.#asked !== null };
    for (const listener of [...this.#listeners]) listener();
  }
}

// The text of each model so far; a piece is added once, however often it is looked at.
class Texts {
  #known = new Map(); // model -> {count, text}

  of(model) {
    const known = this.#known.get(model) ?? { count: 0, text: "" };
    this.#known.set(model, known);
    for (; known.count < model.pieces.length; known.count += 1) known.text += model.pieces[known.count];
    return known.text;
  }
}

function snapshotOf({ session, lost, now }, texts) {
  const { runId, state, problem, totals } = session;
  const models = [...session.models.values()].map((each) => {
    const { pieces: _, since, ...model } = each;
    const seconds = since === null ? null : Math.max(0, Math.floor((now - since) / 1000));
    return { ...model, text: texts.of(each), seconds };
  });
  return { runId, state, lost, problem, totals, models };
}
