// Watch: several models about one video.

import { ANALYSIS } from "../kinds.js";
import { Board } from "../ui/board.js";
import { Library } from "../ui/library.js";
import { Models } from "../ui/models.js";
import { Player } from "../ui/player.js";
import { QuestionForm } from "../ui/question.js";
import { Timeline } from "../ui/timeline.js";
import { BoardRun } from "./board-run.js";
import { listModels, listWhileTyping } from "./listing.js";
import { uploadInto } from "./uploading.js";

export class WatchRoom {
  kind = ANALYSIS.name;

  constructor(element, { api, id, tell, shelf, unseen }) {
    this.element = element;
    this.api = api;
    this.shelf = shelf;
    this.library = new Library(id("library"), { fields: id("library-fields"), item: id("video-item"), target: element, api });
    this.player = new Player(id("player"));
    this.timeline = new Timeline(id("timeline"));
    this.models = new Models(id("models"), id("model-fields"), id("model-choice"));
    this.form = new QuestionForm(id("ask"), "Watching…");
    this.board = new Board(id("board"), id("board-fields"), id("panel"));
    this.tell = (error) => tell(error, this.form);
    this.runs = new BoardRun(this.board, ANALYSIS, { api, tell, unseen });
    this.#wire();
  }

  // The first time it is entered: the lists, and what the address fills in.
  async prepare({ query, models, video }) {
    if (query) this.form.query = query;
    const listed = listModels(this.api, this.models, this.form.query);
    await Promise.all([this.shelf.load(), listed]);
    if (models) this.models.choose(models);
    this.library.begin(video);
  }

  // Back to a run: its question is in the form again, its answers on the board.
  async comeBack(past) {
    const { form, library } = this;
    form.query = past.query;
    this.models.choose(Object.keys(past.models));
    const { duration, title } = library.chooseOrSay(past.video) ?? {};
    const [start, end] = past.window;
    form.fill("start", start > 0 ? start : null);
    form.fill("end", end < duration - 0.05 ? end : null);
    const about = { query: past.query, video: past.video, title, window: past.window, duration };
    await this.runs.begin(about, undefined, (running) => running.comeBack(past.run_id));
  }

  async #ask({ query, refresh, ...stretch }) {
    const { library, models, form } = this;
    const { chosen: video } = library;
    if (!video) return form.complain("Choose a video first.");
    if (!models.chosen.length) return form.complain("Choose at least one model.");
    const question = { query, ...stretch, refresh, models: models.chosen, video_path: video.name };
    const window = [stretch.start ?? 0, stretch.end ?? video.duration];
    const about = { query, video: video.name, title: video.title, window, duration: video.duration };
    await this.runs.begin(about, undefined, (running) => running.ask(question));
  }

  // Times are those of the run's video, whichever is chosen by now.
  #seek({ from }) {
    if (this.#isShown() || this.library.choose(this.runs.about.video)) this.player.seek(from);
    else this.board.complain("The video of this run is not in the library any more.");
  }

  #isShown() {
    return this.library.chosen?.name === this.runs.about?.video;
  }

  #wire() {
    const { api, library, form, board, player, timeline, runs } = this;
    const on = (target, name, act) => target.addEventListener(name, ({ detail }) => act(detail));
    const seek = (place) => this.#seek(place);
    on(library.element, "choose", ({ video }) => {
      player.show(api.videoUrl(video.id));
      form.complain(""); // that there was none, say
    });
    uploadInto(library, this.shelf);
    listWhileTyping(api, this.models, form, this.tell);
    on(form.element, "take-time", ({ field }) => form.fill(field, player.time));
    on(form.element, "ask", (asked) => this.#ask(asked).catch(this.tell));
    on(board.element, "seek", seek);
    on(timeline.element, "seek", seek);
    on(player.element, "moment", ({ seconds }) => this.#isShown() && timeline.moment(seconds));
    on(runs, "run", () => {
      timeline.clear(runs.about.duration);
      // At once: the timeline may appear above it while a smooth scroll has its aim already.
      board.element.scrollIntoView({ behavior: "instant" });
    });
    on(runs, "draw", () => {
      form.busy(runs.busy);
      form.hint(runs.busy && runs.asked.lost ? "The server does not answer; trying again…" : "");
      if (runs.running) timeline.show(board.statements);
    });
  }
}
