// Two answers in one: what only the first has is struck out, what only the second has is
// underlined.

import { difference } from "../diff.js";
import { namesOf, textOf } from "../session.js";
import { parts } from "./parts.js";

const TAGS = { same: "span", first: "del", second: "ins" };

export class Difference {
  #models = [];

  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    element.addEventListener("change", () => this.#draw());
  }

  show(models) {
    this.#models = models.filter(({ pieces }) => pieces.length);
    this.element.hidden = this.#models.length < 2;
    if (this.element.hidden) return;
    const names = namesOf(this.#models);
    [this.parts.first, this.parts.second].forEach((select, number) => {
      select.replaceChildren(...this.#models.map(({ slot }, index) => new Option(names.get(slot), index)));
      select.selectedIndex = number;
    });
    this.#draw();
  }

  #draw() {
    const { first, second, text, summary } = this.parts;
    const [from, to] = [first, second].map(({ value }) => textOf(this.#models[value]));
    const said = difference(from, to);
    text.replaceChildren(...said.map(({ kind, text }) => node(kind, text)));
    const words = (kind) => said.filter((part) => part.kind === kind).flatMap(({ text }) => text.match(/\S+/g) ?? []).length;
    summary.textContent = `${words("same")} words shared, ${words("first")} only in the first, ${words("second")} only in the second.`;
  }
}

function node(kind, text) {
  const made = document.createElement(TAGS[kind]);
  made.textContent = text;
  return made;
}
