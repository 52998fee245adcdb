// Events of one run -> what there is to show. No DOM, no clock, no network.
//
// A model is `waiting` until its first text, then `working`, and ends once: `done`,
// `failed`, `stopped`, or `interrupted` when the stream broke for good.

const OVER = new Set(["done", "failed", "stopped", "interrupted"]);

function newModel(slot) {
  return {
    slot,
    label: slot,
    state: "waiting",
    phase: null,
    elapsed: null,
    pieces: [], // as they came: whoever shows them appends the new ones only
    evidence: null,
    cached: false,
    finish: null,
    message: null,
    metrics: null,
  };
}

export const isOver = (model) => OVER.has(model.state);

export const textOf = (model) => model.pieces.join("");

export class Session {
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

  apply(event) {
    const slot = event.model ?? event.model_name;
    if (slot !== undefined) this.#tell(this.#model(slot), event);
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
    if (!this.models.has(slot)) this.models.set(slot, newModel(slot));
    return this.models.get(slot);
  }

  #tell(model, event) {
    if (isOver(model)) return; // of two ends the first is the only one
    switch (event.event_type) {
      case "model_start":
        model.label = event.label ?? model.label;
        model.evidence = event.evidence ?? null;
        model.cached = event.cached === true;
        break;
      case "model_waiting":
        model.phase = event.phase;
        model.elapsed = event.elapsed_s;
        break;
      case "text_generation":
        model.state = "working";
        model.pieces.push(event.text);
        break;
      case "performance_metrics":
        model.metrics = event.metrics;
        break;
      case "model_end":
        model.state = "done";
        model.finish = event.finish_reason;
        break;
      case "error":
        model.state = event.code === "cancelled" ? "stopped" : "failed";
        model.message = event.message;
    }
  }
}
