// Events of one run -> what there is to show. No DOM, no clock, no network.
//
// `apply(event, at)` takes one event and the time it was heard, in ms of any one clock.
// A model is `waiting` until its first text, then `working`, and ends once: `done`,
// `failed`, `stopped`, or `interrupted` when the stream broke for good.

const OVER = new Set(["done", "failed", "stopped", "interrupted"]);

function newModel(slot, label) {
  return {
    slot,
    label,
    state: "waiting",
    phase: null,
    since: null, // when it began, by the clock of `at`
    pieces: [], // as they came: whoever shows them appends the new ones only
    evidence: null,
    cached: false,
    finish: null,
    message: null,
    retryable: false,
    metrics: null,
  };
}

export const isOver = (model) => OVER.has(model.state);

// What its server stopped by itself, because it restarts, is no more answered than what failed.
export const canBeRetried = ({ state, retryable }) =>
  state === "failed" || state === "interrupted" || (state === "stopped" && retryable);

// slot -> what a model is called among these: by its slot where several have its label.
export function namesOf(models) {
  const all = [...models];
  const alone = ({ label }) => all.filter((each) => each.label === label).length === 1;
  return new Map(all.map((model) => [model.slot, alone(model) ? model.label : model.slot]));
}

export const textOf = (model) => model.pieces.join("");

export class Session {
  // `translate` turns an event of another vocabulary into some of this one; `labelOf` names
  // a model until, or where, the server does not.
  constructor({ translate = (event) => [event], labelOf = (slot) => slot } = {}) {
    this.translate = translate;
    this.labelOf = labelOf;
  }

  runId = null;
  state = "idle"; // then running, then complete or interrupted
  models = new Map();
  totals = null;
  problem = null; // the run's own, not one model's

  get over() {
    return this.state === "complete" || this.state === "interrupted";
  }

  get modelsOver() {
    return [...this.models.values()].filter(isOver).length;
  }

  // The slots of those who have ended without an answer, and not because somebody wished so.
  get failed() {
    return [...this.models.values()].filter(canBeRetried).map(({ slot }) => slot);
  }

  apply(event, at = 0) {
    for (const told of this.translate(event)) this.#apply(told, at);
  }

  #apply(event, at) {
    const slot = event.model ?? event.model_name;
    if (slot !== undefined) this.#tell(this.#model(slot), event, at);
    else if (event.event_type === "start") {
      this.runId = event.run_id;
      this.state = "running";
      event.models.forEach((name) => this.#model(name));
    } else if (event.event_type === "error") this.problem = event.message;
    else if (event.event_type === "complete") {
      this.totals = event;
      this.#end("complete");
    }
  }

  // Nothing more will come. Harmless when everything had come.
  close() {
    if (!this.over) this.#end("interrupted");
  }

  #end(state) {
    this.state = state;
    for (const model of this.models.values()) if (!isOver(model)) model.state = "interrupted";
  }

  #model(slot) {
    if (!this.models.has(slot)) this.models.set(slot, newModel(slot, this.labelOf(slot)));
    return this.models.get(slot);
  }

  #tell(model, event, at) {
    if (event.event_type === "performance_metrics") model.metrics = event.metrics;
    else if (event.event_type === "model_cached") model.cached = true;
    if (isOver(model)) return; // of two ends the first is the only one
    switch (event.event_type) {
      case "model_start":
        model.label = event.label ?? model.label;
        model.evidence = event.evidence ?? null;
        model.cached = event.cached === true;
        model.since = event.timestamp ? event.timestamp * 1000 : at;
        break;
      case "model_waiting":
        model.phase = event.phase;
        model.since = at - event.elapsed_s * 1000;
        break;
      case "text_generation":
        model.state = "working";
        model.pieces.push(event.text);
        break;
      case "model_end":
        model.state = "done";
        model.finish = event.finish_reason;
        break;
      case "error":
        model.state = event.code === "cancelled" ? "stopped" : "failed";
        model.message = event.message;
        model.retryable = event.retryable === true;
    }
  }
}
