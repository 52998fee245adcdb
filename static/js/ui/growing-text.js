// A text that grows in an element: only what is new is added, times become links.
//
// Emits `seek` {from, to} from the element. Text enters as text nodes, never as markup.
// Every line is a block of its own, so that the browser lays out the last one only, and one
// that is very long goes on in another block after a sentence. Within a block text is added
// to the node that is there, so that nodes do not grow with the pieces.

import { TimeFinder } from "../times.js";

const PLAIN = { push: (text) => [{ text }], end: () => [], tail: "" };
const LONG = 1200; // letters in a line, after which a sentence ends its block
const PARTS = /(?<=\n|[.!?。] )/; // where one may end
const AMOUNTS = /(\d[\d.,]{0,9} (?:%|s|min|dBFS|LUFS)(?![\p{L}\p{N}]))/u; // a number and its unit stay in one line

export class GrowingText {
  marks = []; // the moments it names: {from, to}
  #shown = 0; // pieces
  #length = 0; // letters in the block
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
    this.#length = 0;
    const line = document.createElement("span");
    line.className = "line";
    line.append(this.#tail);
    this.element.append(line);
  }

  #write(text) {
    for (const part of text.split(PARTS)) {
      part.split(AMOUNTS).forEach((piece, number) => (number % 2 ? this.#span(piece, "amount") : this.#add(piece)));
      this.#length += part.length;
      const sentence = this.#length > LONG && /[.!?。] $/.test(part);
      if (part.endsWith("\n") || sentence) this.#begin();
    }
  }

  #add(text) {
    if (!text) return;
    const last = this.#tail.previousSibling;
    if (last instanceof Text) last.appendData(text);
    else this.#tail.before(text);
  }

  #span(text, className) {
    const element = document.createElement("span");
    element.className = className;
    element.textContent = text;
    this.#tail.before(element);
    return element;
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
    this.#span(text, "time beyond").title = "After the end of this video";
  }
}
