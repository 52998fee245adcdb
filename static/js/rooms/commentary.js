// Commentary: a film plays with a spoken commentary while the rest of it is being made.

import { commentaryRecord } from "../commentary-record.js";
import { exported } from "../exports.js";
import { COMMENTARY } from "../kinds.js";
import { Running } from "../running.js";
import { CommentaryForm } from "../ui/commentary-form.js";
import { download } from "../ui/download.js";
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
    const on = (part, name, act, complain = this.tell) => part.element.addEventListener(name, ({ detail }) => {
      Promise.resolve(act(detail)).catch(complain);
    });
    uploadInto(this.library, shelf);
    on(this.library, "choose", () => this.form.complain("")); // that there was none, say
    on(this.form, "ask", (options) => this.#ask(options));
    const complain = (error) => tell(error, this.making);
    on(this.making, "stop", () => api.stop(this.id), complain);
    on(this.making, "go-on", () => this.#goOn(), complain);
    on(this.making, "export", ({ format }) => this.#export(format), complain);
    on(this.lines, "seek", ({ from }) => this.film.seek(from));
    on(this.film, "moment", ({ seconds }) => this.lines.moment(seconds));
  }

  get id() {
    return this.running?.session.runId ?? null;
  }

  async prepare({ video }) {
    const [, models] = await Promise.all([this.shelf.load(), this.api.models("")]);
    this.form.offer(models);
    this.library.begin(video);
  }

  // One that nobody works on any more is shown as it is: to go on with it may cost something.
  async comeBack({ run_id, video, options, state }) {
    const { duration, title } = this.library.chooseOrSay(video) ?? {};
    const about = { file: video, title, options: given(options ?? {}), duration };
    this.form.fill(options);
    await this.#begin(about, (running) => running.comeBack(run_id, state === "interrupted" ? null : about));
  }

  async #ask(options) {
    const { chosen } = this.library;
    if (!chosen) return this.form.complain("Choose a video first.");
    const about = { file: chosen.name, title: chosen.title, options, duration: chosen.duration };
    await this.#begin(about, (running) => running.ask(about));
  }

  async #goOn() {
    const going = this.running.goOn(this.about);
    this.draw(); // at work again, before the server says so
    await going;
  }

  #export(format) {
    const { name, type, text } = exported(commentaryRecord(this.running.session, this.about), format);
    download(name, type, text);
  }

  // What is refused leaves the commentary that is shown as it was.
  async #begin(about, start) {
    if (this.asked !== this.running) this.asked?.leave();
    const running = new Running(this.api, () => this.#changed(running, about), { kind: COMMENTARY });
    this.asked = running;
    this.draw();
    try {
      await start(running);
    } finally {
      if (this.asked === running) this.asked = this.running;
      this.draw();
    }
  }

  #changed(running, about) {
    if (running.session.runId && this.running !== running) {
      this.running?.leave();
      this.running = running;
      // `new` was for the beginning: to go on with it is to go on with this one.
      const { new: _, ...options } = about.options;
      this.about = { ...about, options };
      const { language = "en" } = options;
      this.film.begin(about.duration, language);
      this.lines.begin(language);
      this.making.begin();
      this.film.element.scrollIntoView({ block: "nearest" }); // where the form is below it
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
    this.lines.show(session.inOrder, session.over && session.state !== "interrupted");
    this.making.show(session, lost);
  }
}

// What a server tells of options, as it is asked for with them.
const given = (options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== ""));
