// A text that grows in an element: only what is new is added, times become links.
//
// Emits `seek` {from, to} from the element. Text enters as text nodes, never as markup.

import { TimeFinder } from "../times.js";

export class GrowingText {
  #shown = 0; // pieces
  #tail = new Text();
  #ended = false;

  constructor(element, duration) {
    this.element = element;
    this.finder = new TimeFinder(duration);
    element.append(this.#tail);
  }

  show(pieces, ended) {
    if (this.#shown === pieces.length && this.#ended === ended) return;
    const fresh = pieces.slice(this.#shown).join("");
    this.#shown = pieces.length;
    this.#ended = ended;
    const settled = this.finder.push(fresh);
    if (ended) settled.push(...this.finder.end());
    this.#tail.before(...settled.map((part) => this.#node(part)));
    this.#tail.data = this.finder.tail;
  }

  #node({ text, from, to }) {
    if (from === undefined) return new Text(text);
    const link = document.createElement("a"); // a button would be torn from its brackets
    link.href = `#t=${from}`;
    link.className = "time";
    link.textContent = text;
    link.title = "Show this moment";
    link.addEventListener("click", (event) => {
      event.preventDefault(); // the address goes on naming the run
      const detail = { from, to };
      this.element.dispatchEvent(new CustomEvent("seek", { bubbles: true, detail }));
    });
    return link;
  }
}
