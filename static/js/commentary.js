// Events of a commentary -> what there is to show. No DOM, no clock, no network.
//
// A line is `spoken` once its words are known, `ready` when the chunk that holds it can be
// played, or `failed`. Chunks come in the order of time and without holes.

export const ENDS = ["complete", "error", "cancelled"];
const STATES = { complete: "complete", error: "failed", cancelled: "stopped" };

export class Commentary {
  runId = null;
  state = "idle"; // then queued, running, and complete, failed, stopped or interrupted
  stage = null;
  message = "";
  progress = 0;
  position = null; // in the queue
  stretches = { seen: 0, of: null }; // of the video, looked at
  #seen = new Set();
  lines = new Map();
  chunks = [];
  result = null; // the event `complete`
  problem = null;

  get over() {
    return !["idle", "queued", "running"].includes(this.state);
  }

  // Up to which second the video can be played.
  get playableTo() {
    return this.chunks.at(-1)?.end ?? 0;
  }

  // Lines in the order they are heard; those that failed have no place in time of their own.
  get inOrder() {
    return [...this.lines.values()].sort((a, b) => a.index - b.index);
  }

  apply(event) {
    if (this.over) return; // of two ends the first is the only one
    this.runId = event.run_id ?? this.runId;
    // It never goes down, also when a stage starts over after a restart of the server.
    this.progress = Math.max(this.progress, Math.min(100, event.progress ?? 0));
    if (event.message && event.type !== "line_failed") this.message = event.message;
    this.#take(event);
  }

  #take(event) {
    switch (event.type) {
      case "status":
        this.state = "running";
        this.stage = event.stage;
        break;
      case "queued":
        this.state = "queued";
        this.position = event.position;
        break;
      case "events_detected":
        this.#seen.add(event.interval_index);
        this.stretches = { seen: this.#seen.size, of: event.total_intervals };
        break;
      case "commentary_ready":
        this.#line(event, { state: "spoken", text: event.text, start: event.start, end: event.end, speaker: event.speaker });
        this.#settle();
        break;
      case "line_failed":
        this.#line(event, { state: "failed", message: event.message });
        break;
      case "chunk_ready":
        this.#chunk(event);
        break;
      case "complete":
      case "error":
      case "cancelled":
        this.#end(event);
    }
  }

  // Nothing more will come. Harmless when everything had come.
  close() {
    if (!this.over) this.state = "interrupted";
  }

  // Somebody works on it again after all.
  reopen() {
    if (this.state !== "interrupted") return;
    this.state = "running";
    this.problem = null;
  }

  #line({ index }, told) {
    const empty = { index, text: "", start: null, end: null, speaker: null, message: null };
    this.lines.set(index, { ...empty, ...this.lines.get(index), ...told });
  }

  #chunk({ index, url, start_s: start, end_s: end }) {
    if (this.chunks.some((chunk) => chunk.index === index)) return;
    this.chunks.push({ index, url, start, end });
    this.#settle();
  }

  // A line is ready with the chunk in which it begins.
  #settle() {
    for (const line of this.lines.values()) {
      if (line.state === "spoken" && line.start < this.playableTo) line.state = "ready";
    }
  }

  #end(event) {
    this.state = STATES[event.type];
    if (event.type === "complete") this.result = event;
    else if (event.type === "error") this.problem = event.message; // to be stopped is none
  }
}
