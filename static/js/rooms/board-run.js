// A run on a board: asked or come back to, drawn once per frame, stopped, retried, exported.
//
// Emits `draw` after the board was drawn, and `run` when another run has taken its place.
// That happens with its first words: a question that is refused leaves the board as it was.

import { exported } from "../exports.js";
import { recordOf } from "../record.js";
import { Running } from "../running.js";
import { download } from "../ui/download.js";
import { oncePerFrame } from "../ui/frames.js";

export class BoardRun extends EventTarget {
  running = null; // on the board
  asked = null; // not heard of yet, or the one on the board
  about = null; // {query, video, title, window, duration, earlier} of the one on the board

  // `tell(error, board)` hears what went wrong with what was asked of a run; `unseen` takes
  // those that are going on when another is looked at.
  constructor(board, kind, { api, tell, unseen }) {
    super();
    this.api = api;
    this.board = board;
    this.kind = kind;
    this.unseen = unseen;
    const complain = (error) => tell(error, board);
    this.draw = oncePerFrame(() => this.#draw());
    const on = (name, act) => board.element.addEventListener(name, ({ detail }) => {
      Promise.resolve(act(detail)).catch(complain);
    });
    on("stop", ({ slot }) => api.stopModel(this.id, slot));
    on("stop-all", () => api.stop(this.id));
    on("reconnect", () => this.#reconnect());
    on("retry", ({ slots }) => this.#retry(slots));
    on("export", ({ format }) => this.#export(format));
  }

  get id() {
    return this.running?.session.runId ?? null;
  }

  get busy() {
    return this.asked !== null && !this.asked.session.over;
  }

  // `start(running)` asks, or comes back. Throws what the server refused.
  async begin(about, labelOf, start) {
    if (this.asked !== this.running) this.asked?.leave();
    const changed = () => this.#changed(running, about);
    const running = new Running(this.api, changed, { kind: this.kind, labelOf });
    this.labelOf = labelOf;
    this.asked = running;
    this.draw();
    try {
      await start(running);
    } catch (error) {
      if (this.asked === running) this.asked = this.running;
      this.draw();
      throw error;
    }
  }

  #retry(slots) {
    if (this.busy) return null; // a second press of the same button
    const again = { retry_of: this.id, retry: slots };
    return this.begin(this.about, this.labelOf, (running) => running.ask(again));
  }

  // What came stays on the board until the run is heard of again, which it may never be.
  #reconnect() {
    if (this.busy) return null;
    return this.begin(this.about, this.labelOf, (running) => running.comeBack(this.id));
  }

  #changed(running, about) {
    if (running.session.runId && this.running !== running) {
      if (this.running) this.unseen.keep(this.running);
      this.unseen.release(running.session.runId);
      this.running = running;
      this.about = about;
      this.board.clear(about.query, about.duration, about.earlier);
      this.dispatchEvent(new Event("run"));
    }
    this.draw();
  }

  #draw() {
    if (this.running) this.board.show(this.running, this.busy);
    this.dispatchEvent(new Event("draw"));
  }

  #export(format) {
    const record = recordOf(this.running.session, this.about, this.kind.name);
    const { name, type, text } = exported(record, format);
    download(name, type, text);
  }
}
