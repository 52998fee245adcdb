// Compare: one prompt to several text models, and further questions to all of them.

import { turnOf, turnsBefore } from "../conversation.js";
import { COMPARISON } from "../kinds.js";
import { Board } from "../ui/board.js";
import { Difference } from "../ui/difference.js";
import { Figures } from "../ui/figures.js";
import { Models } from "../ui/models.js";
import { QuestionForm } from "../ui/question.js";
import { BoardRun } from "./board-run.js";
import { listModels } from "./listing.js";

const readsText = ({ takes, simulated }) => simulated || takes.includes("text");

export class CompareRoom {
  kind = COMPARISON.name;
  preparing = false; // a further question is about to be asked

  constructor(element, { api, id, tell, unseen }) {
    this.element = element;
    this.api = api;
    this.models = new Models(id("text-models"), id("model-fields"), id("model-choice"), readsText);
    this.form = new QuestionForm(id("prompt"), "Comparing…");
    this.board = new Board(id("compare-board"), id("board-fields"), id("panel"));
    this.followUp = new QuestionForm(id("follow-up"), "Asking…");
    this.after = id("after-compare");
    this.figures = new Figures(id("figures"));
    this.difference = new Difference(id("difference"));
    this.tell = (error) => tell(error, this.form);
    this.runs = new BoardRun(this.board, COMPARISON, { api, tell, unseen });
    const labelOf = (slot) => this.models.labelOf(slot);
    this.form.element.addEventListener("ask", ({ detail }) => this.#ask(detail, labelOf).catch(this.tell));
    this.followUp.element.addEventListener("ask", ({ detail: { query } }) => {
      this.#askMore(query, labelOf).catch((error) => tell(error, this.followUp));
    });
    this.runs.addEventListener("run", () => {
      // Its words are on the board now; one that is refused leaves them to be changed.
      if (this.runs.about.query === this.followUp.query) this.followUp.query = "";
      this.board.element.scrollIntoView();
    });
    this.runs.addEventListener("draw", () => this.#draw());
  }

  async prepare({ query, models }) {
    if (query) this.form.query = query;
    await listModels(this.api, this.models, this.form.query);
    if (models) this.models.choose(models);
  }

  // `stale()` says that the reader has gone elsewhere meanwhile.
  async comeBack(past, stale) {
    const earlier = await turnsBefore(past, (id) => this.api.run(id));
    if (stale()) return;
    this.form.query = earlier[0]?.query ?? past.query;
    this.models.choose(Object.keys(past.models));
    const labelOf = (slot) => past.models[slot]?.label ?? slot;
    const about = { query: past.query, earlier, duration: null };
    await this.runs.begin(about, labelOf, (running) => running.comeBack(past.run_id));
  }

  async #ask({ query, refresh }, labelOf) {
    const { chosen } = this.models;
    if (!chosen.length) return this.form.complain("Choose at least one model.");
    const asked = { input_data: query, models: chosen, refresh };
    await this.runs.begin({ query, duration: null }, labelOf, (running) => running.ask(asked));
  }

  // Each model is told its own conversation: the server knows what every one of them said.
  async #askMore(query, labelOf) {
    const { id, about, busy } = this.runs;
    if (busy || this.preparing) return;
    this.preparing = true; // until the run itself is what keeps the button from being pressed
    this.#draw();
    let asking;
    try {
      const turn = turnOf(await this.api.run(id));
      const asked = { input_data: query, follow_up_of: id };
      const more = { query, earlier: [...(about.earlier ?? []), turn], duration: null };
      asking = this.runs.begin(more, labelOf, (running) => running.ask(asked));
    } finally {
      this.preparing = false;
      this.#draw();
    }
    await asking;
  }

  #draw() {
    const { running } = this.runs;
    const busy = this.runs.busy || this.preparing;
    this.form.busy(busy);
    this.followUp.busy(busy);
    const over = running?.session.over === true;
    if (over && this.shown !== running) {
      const models = [...running.session.models.values()];
      this.figures.show(models);
      this.difference.show(models);
    }
    this.shown = over ? running : null;
    this.after.hidden = !over;
    this.followUp.element.hidden = !models(running).some(({ state }) => state === "done");
  }
}

const models = (running) => [...(running?.session.models.values() ?? [])];
