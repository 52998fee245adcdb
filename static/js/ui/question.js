// The question, the stretch it is about, and Start. Emits `words`, `take-time` {field}, and
// `ask` {query, start, end, refresh}.

import { readTime, writeTime } from "../times.js";
import { parts, say } from "./parts.js";

export class QuestionForm {
  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    const { query } = this.parts;
    query.addEventListener("input", () => this.#emit("words"));
    query.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) element.requestSubmit();
    });
    for (const button of element.querySelectorAll("[data-take]")) {
      const field = button.dataset.take;
      button.addEventListener("click", () => this.#emit("take-time", { field }));
    }
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask();
    });
  }

  get query() {
    return this.parts.query.value;
  }

  set query(text) {
    this.parts.query.value = text;
  }

  fill(field, seconds) {
    this.parts[field].value = writeTime(seconds, 1);
    this.parts.more.open = true;
  }

  busy(working) {
    this.parts.submit.disabled = working;
    this.parts.submit.textContent = working ? "Watching…" : "Start";
  }

  complain(message) {
    say(this.parts.problem, message);
  }

  #ask() {
    const [start, end] = ["start", "end"].map((field) => readTime(this.parts[field].value));
    if (Number.isNaN(start) || Number.isNaN(end)) {
      return this.complain("Write a time as seconds (75) or as minutes and seconds (1:15).");
    }
    this.complain("");
    const stretch = { ...(start !== null && { start }), ...(end !== null && { end }) };
    this.#emit("ask", { query: this.query, ...stretch, refresh: this.parts.refresh.checked });
  }

  #emit(name, detail) {
    this.element.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
