// A text that grows in an element: only what is new is added, times become links.
//
// Emits `seek` {from, to} from the element. Text enters as text nodes, never as markup.
// Every line is a block of its own, so that the browser lays out the last one only; within
// it text is added to the node that is there, so that nodes do not grow with the pieces.

import { TimeFinder } from "../times.js";

const PLAIN = { push: (text) => [{ text }], end: () => [], tail: "" };
const NODE = 4000; // letters in one text node

export class GrowingText {
  marks = []; // the moments it names: {from, to}
  #shown = 0; // pieces
  #tail = new Text();
  #ended = false;

  // Without a duration there is no video, and so there are no times of it.
  constructor(element, duration) {
    this.element = element;
    this.finder = duration === null ? PLAIN : new TimeFinder(duration);
    this.#begin();
  }

  show(pieces, ended) {
    if (this.#shown === pieces.length && this.#ended === ended) return;
    const fresh = pieces.slice(this.#shown).join("");
    this.#shown = pieces.length;
    this.#ended = ended;
    const settled = this.finder.push(fresh);
    if (ended) settled.push(...this.finder.end());
    for (const part of settled) {
      if (part.from !== undefined) this.#link(part);
      else if (part.beyond) this.#beyond(part);
      else this.#write(part.text);
    }
    if (this.#tail.data !== this.finder.tail) this.#tail.data = this.finder.tail;
  }

  #begin() {
    const line = document.createElement("span");
    line.className = "line";
    line.append(this.#tail);
    this.element.append(line);
  }

  #write(text) {
    const lines = text.split(/(?<=\n)/);
    for (const line of lines) {
      const last = this.#tail.previousSibling;
      if (last instanceof Text && last.length < NODE) last.appendData(line);
      else if (line) this.#tail.before(line);
      if (line.endsWith("\n")) this.#begin();
    }
  }

  #link({ text, from, to }) {
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
    this.marks.push({ from, to });
    this.#tail.before(link);
  }

  #beyond({ text }) {
    const mark = document.createElement("span");
    mark.className = "time beyond";
    mark.textContent = text;
    mark.title = "After the end of this video";
    this.#tail.before(mark);
  }
}
