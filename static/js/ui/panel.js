// One model's panel. Emits `stop` {slot} and, from its text, `seek`.

import { isOver, textOf } from "../session.js";
import { evidenceWords, figures, stateWords } from "../wording.js";
import { GrowingText } from "./growing-text.js";
import { parts, say } from "./parts.js";

export class Panel {
  constructor(element, slot, duration) {
    this.element = element;
    this.duration = duration;
    this.parts = parts(element);
    this.text = new GrowingText(this.parts.text, duration);
    this.parts.stop.addEventListener("click", () => {
      this.parts.stop.disabled = true;
      element.dispatchEvent(new CustomEvent("stop", { bubbles: true, detail: { slot } }));
    });
    this.parts.copy.addEventListener("click", () => this.#copy());
  }

  show(model) {
    const { parts } = this;
    const over = isOver(model);
    this.model = model;
    this.element.dataset.state = model.state;
    say(parts.label, model.label);
    say(parts.slot, model.slot.includes("@") ? model.slot : ""); // tells two of one model apart
    parts.words.ariaLabel = `Answer of ${model.label}`;
    say(parts.state, stateWords(model));
    say(parts.message, this.#message(model));
    say(parts.evidence, evidenceWords(model.evidence, this.duration));
    this.text.show(model.pieces, over);
    parts.text.hidden = !model.pieces.length;
    parts.stop.hidden = over;
    parts.copy.hidden = !(over && model.pieces.length);
    if (model.metrics && !parts.figures.childElementCount) this.#measure(model.metrics);
  }

  #message(model) {
    if (model.state === "interrupted") return "The connection broke; the rest is not known.";
    if (model.state === "done" && !model.pieces.length) return "It ended without saying anything.";
    if (model.message && model.pieces.length) return `${model.message} What came before is kept.`;
    return model.message ?? "";
  }

  #measure(metrics) {
    for (const [name, value] of figures(metrics)) {
      const [row, term, figure] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = name;
      figure.textContent = value;
      row.append(term, figure);
      this.parts.figures.append(row);
    }
    this.parts.figures.hidden = false;
  }

  async #copy() {
    const { copy } = this.parts;
    try {
      await navigator.clipboard.writeText(textOf(this.model));
      copy.textContent = "Copied";
    } catch {
      // Without https a browser has no clipboard to write to: the text is marked instead.
      getSelection().selectAllChildren(this.parts.text);
      copy.textContent = "Marked: press Ctrl+C";
    }
  }
}
