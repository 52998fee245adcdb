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

  constructor(element, { api, id, tell, shelf }) {
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
    this.runs = new BoardRun(api, this.board, ANALYSIS, this.tell);
    this.#wire();
  }

  // The first time it is entered: the lists, and what the address fills in.
  async prepare({ query, models, video }) {
    if (query) this.form.query = query;
    const listed = listModels(this.api, this.models, this.form.query);
    const [videos] = await Promise.all([this.shelf.load(), listed.catch(this.tell)]);
    if (models) this.models.choose(models);
    this.library.choose(video ?? videos[0]?.id);
  }

  // Back to a run: its question is in the form again, its answers on the board.
  async comeBack(past) {
    const { form, library } = this;
    form.query = past.query;
    this.models.choose(Object.keys(past.models));
    library.choose(past.video);
    const duration = library.chosen?.name === past.video ? library.chosen.duration : undefined;
    const [start, end] = past.window;
    if (start > 0) form.fill("start", start);
    if (end < duration - 0.05) form.fill("end", end);
    const about = { query: past.query, video: past.video, window: past.window, duration };
    await this.runs.begin(about, undefined, (running) => running.comeBack(past.run_id));
  }

  async #ask({ query, refresh, ...stretch }) {
    const { library, models, form } = this;
    const { chosen: video } = library;
    if (!video) return form.complain("Choose a video first.");
    if (!models.chosen.length) return form.complain("Choose at least one model.");
    const question = { query, ...stretch, refresh, models: models.chosen, video_path: video.name };
    const window = [stretch.start ?? 0, stretch.end ?? video.duration];
    const about = { query, video: video.name, window, duration: video.duration };
    await this.runs.begin(about, undefined, (running) => running.ask(question));
  }

  #wire() {
    const { api, library, form, board, player, timeline, runs } = this;
    const on = (target, name, act) => target.addEventListener(name, ({ detail }) => act(detail));
    const seek = ({ from }) => player.seek(from);
    on(library.element, "choose", ({ video }) => player.show(api.videoUrl(video.id)));
    uploadInto(library, this.shelf);
    listWhileTyping(api, this.models, form, this.tell);
    on(form.element, "take-time", ({ field }) => form.fill(field, player.time));
    on(form.element, "ask", (asked) => this.#ask(asked).catch(this.tell));
    on(board.element, "seek", seek);
    on(timeline.element, "seek", seek);
    on(player.element, "moment", ({ seconds }) => timeline.moment(seconds));
    on(runs, "run", () => {
      timeline.clear(runs.about.duration);
      board.element.scrollIntoView();
    });
    on(runs, "draw", () => {
      form.busy(runs.busy);
      form.hint(runs.busy && runs.asked.lost ? "The server does not answer; trying again…" : "");
      if (runs.running) timeline.show(board.statements);
    });
  }
}
