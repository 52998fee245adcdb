// The runs this server remembers, in a dialog, each a link.

import { agoWords, kindWords } from "../wording.js";
import { fromTemplate, hide, parts, rest, say } from "./parts.js";

export class PastRuns {
  #older = null;
  #opened = 0; // how often: a page that comes late belongs to a list that is gone
  #loading = false;

  // `load(before)` gives a page of runs; `linkTo(run)` its address here, or null.
  constructor(element, template, load, linkTo) {
    this.element = element;
    this.template = template;
    this.load = load;
    this.linkTo = linkTo;
    this.parts = parts(element);
    const { close, older, list } = this.parts;
    close.addEventListener("click", () => element.close());
    older.addEventListener("click", () => this.#loading || this.#more());
    list.addEventListener("click", ({ target }) => target.closest("a") && element.close());
  }

  async open() {
    this.parts.list.replaceChildren();
    this.#older = undefined;
    this.#opened += 1;
    if (!this.element.open) this.element.showModal();
    await this.#more();
  }

  async #more() {
    const { problem, list, empty, older } = this.parts;
    const opened = this.#opened;
    say(problem, "");
    this.#loading = true;
    rest(older, true);
    try {
      const page = await this.load(this.#older);
      if (opened !== this.#opened) return;
      this.#older = page.older;
      list.append(...page.runs.map((run) => this.#item(run)).filter(Boolean));
    } catch (error) {
      if (opened !== this.#opened) return;
      say(problem, error.message);
    }
    this.#loading = false;
    rest(older, false);
    empty.hidden = list.childElementCount > 0 || !problem.hidden;
    hide(older, !this.#older, list.lastElementChild?.querySelector("a") ?? this.element);
  }

  #item(run) {
    const address = this.linkTo(run);
    if (address === null) return null;
    const item = fromTemplate(this.template);
    const { link, query, facts } = parts(item);
    link.href = address;
    query.textContent = run.query ?? run.video ?? "A run";
    facts.textContent = factsOf(run, Date.now());
    return item;
  }
}

function factsOf({ kind, video, models = {}, state, created }, now) {
  const states = Object.values(models);
  const failed = states.filter((each) => each === "failed").length;
  return [
    kindWords(kind),
    video,
    states.length && `${states.length} model${states.length > 1 ? "s" : ""}`,
    failed && `${failed} failed`,
    state !== "complete" && state,
    agoWords(now / 1000 - created),
  ]
    .filter(Boolean)
    .join(" · ");
}
