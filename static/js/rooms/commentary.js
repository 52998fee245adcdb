// Commentary: a film plays with a spoken commentary while the rest of it is being made.

import { COMMENTARY } from "../kinds.js";
import { Running } from "../running.js";
import { CommentaryForm } from "../ui/commentary-form.js";
import { Film } from "../ui/film.js";
import { oncePerFrame } from "../ui/frames.js";
import { Library } from "../ui/library.js";
import { Lines } from "../ui/lines.js";
import { Making } from "../ui/making.js";
import { uploadInto } from "./uploading.js";

export class CommentaryRoom extends EventTarget {
  kind = COMMENTARY.name;
  runs = this; // whose `id` and `run` the address follows
  running = null; // the one that is shown
  asked = null; // not heard of yet, or the one that is shown

  constructor(element, { api, id, tell, shelf }) {
    super();
    this.element = element;
    this.api = api;
    this.shelf = shelf;
    this.library = new Library(id("films"), { fields: id("library-fields"), item: id("video-item"), target: element, api });
    this.form = new CommentaryForm(id("commentate"));
    this.film = new Film(id("film"));
    this.making = new Making(id("making"));
    this.lines = new Lines(id("lines"), id("line"));
    this.tell = (error) => tell(error, this.form);
    this.draw = oncePerFrame(() => this.#draw());
    const on = (part, name, act) => part.element.addEventListener(name, ({ detail }) => {
      Promise.resolve(act(detail)).catch(this.tell);
    });
    uploadInto(this.library, shelf);
    on(this.form, "ask", (options) => this.#ask(options));
    on(this.making, "stop", () => api.stop(this.id));
    on(this.making, "reconnect", () => location.reload());
    on(this.lines, "seek", ({ from }) => this.film.seek(from));
    on(this.film, "moment", ({ seconds }) => this.lines.moment(seconds));
  }

  get id() {
    return this.running?.session.runId ?? null;
  }

  async prepare({ video }) {
    const [, models] = await Promise.all([this.shelf.load(), this.api.models("")]);
    this.form.offer(models);
    this.library.choose(video ?? this.shelf.videos[0]?.id);
  }

  comeBack({ run_id, video }) {
    this.library.choose(video);
    return this.#begin((running) => running.comeBack(run_id));
  }

  async #ask(options) {
    const { chosen } = this.library;
    if (!chosen) return this.form.complain("Choose a video first.");
    await this.#begin((running) => running.ask({ file: chosen.name, options }));
  }

  // What is refused leaves the commentary that is shown as it was.
  async #begin(start) {
    if (this.asked !== this.running) this.asked?.leave();
    const duration = this.library.chosen?.duration;
    const running = new Running(this.api, () => this.#changed(running, duration), { kind: COMMENTARY });
    this.asked = running;
    this.draw();
    try {
      await start(running);
    } finally {
      if (this.asked === running) this.asked = this.running;
      this.draw();
    }
  }

  #changed(running, duration) {
    if (running.session.runId && this.running !== running) {
      this.running?.leave();
      this.running = running;
      this.film.begin(duration);
      this.lines.clear();
      this.making.begin();
      this.dispatchEvent(new Event("run"));
    }
    if (this.running === running) this.film.feed(running.session);
    this.draw();
  }

  #draw() {
    this.form.busy(this.asked !== null && !this.asked.session.over);
    if (!this.running) return;
    const { session, lost } = this.running;
    this.film.show(session);
    this.lines.show(session.inOrder);
    this.making.show(session, lost);
  }
}
