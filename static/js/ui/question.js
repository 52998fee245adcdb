// A question, the stretch of the video it is about where there is one, and its button.
// Emits `words`, `take-time` {field}, and `ask` {query, start, end, refresh}.

import { readTime, writeTime } from "../times.js";
import { parts, rest, rests, say } from "./parts.js";

export class QuestionForm {
  // `atWork` is what the button says while the question is being answered.
  constructor(element, atWork) {
    this.element = element;
    this.parts = parts(element);
    this.atWork = atWork;
    this.atRest = this.parts.submit.textContent;
    const { query } = this.parts;
    query.addEventListener("input", () => this.#emit("words"));
    query.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element.requestSubmit();
    });
    element.addEventListener("change", ({ target }) => {
      if (target.type === "checkbox") this.complain(""); // that no model was chosen, say
    });
    for (const button of element.querySelectorAll("[data-take]")) {
      const field = button.dataset.take;
      button.addEventListener("click", () => this.#emit("take-time", { field }));
    }
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!rests(this.parts.submit)) this.#ask();
    });
  }

  get query() {
    return this.parts.query.value;
  }

  set query(text) {
    this.parts.query.value = text;
  }

  // Null empties it.
  fill(field, seconds) {
    this.parts[field].value = seconds === null ? "" : writeTime(seconds, 1);
    if (seconds !== null) this.parts.more.open = true;
  }

  busy(working) {
    const { submit } = this.parts;
    if (rests(submit) === working) return;
    rest(submit, working);
    submit.textContent = working ? this.atWork : this.atRest;
  }

  hint(text) {
    this.parts.hint.textContent = text;
  }

  complain(message) {
    say(this.parts.problem, message);
  }

  #ask() {
    const { start, end, refresh } = this.parts;
    const [from, to] = [start, end].map((field) => (field ? readTime(field.value) : null));
    if (Number.isNaN(from) || Number.isNaN(to)) {
      return this.complain("Write a time as seconds (75) or as minutes and seconds (1:15).");
    }
    this.complain("");
    const stretch = { ...(from !== null && { start: from }), ...(to !== null && { end: to }) };
    this.#emit("ask", { query: this.query, ...stretch, refresh: refresh?.checked === true });
  }

  #emit(name, detail) {
    this.element.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
