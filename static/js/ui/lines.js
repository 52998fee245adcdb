// The lines of a commentary, each with its state; the one that is heard is marked.
// Emits `seek` {from}.

import { writeTime } from "../times.js";
import { fromTemplate, parts, say } from "./parts.js";

const STATES = { spoken: "on its way", ready: "", failed: "failed", unheard: "not made any more" };

export class Lines {
  #items = new Map(); // index -> its parts

  constructor(element, template) {
    this.element = element;
    this.template = template;
    this.parts = parts(element);
  }

  begin(language) {
    this.parts.list.lang = language;
    this.#items.clear();
    this.parts.list.replaceChildren();
    this.parts.empty.hidden = false;
    this.element.hidden = false;
  }

  // `over`: what is not ready by now never will be.
  show(lines, over) {
    const { empty } = this.parts;
    empty.hidden = lines.length > 0;
    empty.textContent = over ? "Nothing is said in it." : "What is said will stand here, each line at its time.";
    let before = null;
    for (const line of lines) {
      const item = this.#item(line.index, before);
      before = item.element;
      const state = over && line.state === "spoken" ? "unheard" : line.state;
      if (item.state === state && item.text === line.text) continue;
      Object.assign(item, { state, text: line.text, start: line.start, end: line.end });
      item.element.dataset.state = state;
      item.time.hidden = line.start === null;
      item.time.textContent = line.start === null ? "" : writeTime(line.start);
      item.time.disabled = state !== "ready";
      item.words.textContent = line.text || line.message || "This line could not be made.";
      say(item.note, line.text && line.message ? line.message : STATES[state]);
    }
  }

  moment(seconds) {
    for (const { element, start, end } of this.#items.values()) {
      const heard = start !== null && start <= seconds && seconds < end;
      if (heard === (element.ariaCurrent === "true")) continue;
      element.ariaCurrent = heard ? "true" : null;
      if (heard) this.#reveal(element);
    }
  }

  // Within the list only: the page stays where its reader has it.
  #reveal(element) {
    const { list } = this.parts;
    if (list.contains(document.activeElement)) return;
    list.scrollTop = element.offsetTop - list.offsetTop - list.clientHeight / 3;
  }

  #item(index, before) {
    if (!this.#items.has(index)) {
      const element = fromTemplate(this.template);
      const item = { element, ...parts(element) };
      item.time.addEventListener("click", () => {
        const detail = { from: item.start };
        this.element.dispatchEvent(new CustomEvent("seek", { detail }));
      });
      if (before) before.after(element);
      else this.parts.list.prepend(element);
      this.#items.set(index, item);
    }
    return this.#items.get(index);
  }
}
