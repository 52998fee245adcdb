// One model's panel. Emits `stop` {slot}, `retry` {slots} and, from its text, `seek`.

import { canBeRetried, isOver, textOf } from "../session.js";
import { evidenceWords, figures, stateWords } from "../wording.js";
import { copyText } from "./clipboard.js";
import { GrowingText } from "./growing-text.js";
import { hide, parts, rest, rests, say } from "./parts.js";

export class Panel {
  constructor(element, slot, duration) {
    this.element = element;
    this.duration = duration;
    this.parts = parts(element);
    this.text = new GrowingText(this.parts.text, duration);
    const { stop, retry, copy } = this.parts;
    stop.addEventListener("click", () => {
      if (rests(stop)) return;
      rest(stop, true);
      this.#emit("stop", { slot });
    });
    retry.addEventListener("click", () => rests(retry) || this.#emit("retry", { slots: [slot] }));
    copy.addEventListener("click", () => copyText(textOf(this.model), this.parts.text, copy, this.name));
  }

  // What its button stood for did not happen: it can be pressed again.
  release() {
    rest(this.parts.stop, false);
  }

  // What the model said in earlier turns: [{query, text}].
  showEarlier(turns) {
    const { earlierFold, earlierCount, earlier } = this.parts;
    earlierFold.hidden = !turns.length;
    earlierCount.textContent = turns.length === 1 ? "One turn before" : `${turns.length} turns before`;
    for (const { query, text } of turns) {
      const [asked, answered] = [document.createElement("p"), document.createElement("p")];
      asked.className = "earlier-query";
      asked.dir = answered.dir = "auto";
      asked.textContent = query;
      answered.textContent = text;
      earlier.append(asked, answered);
    }
  }

  // `name` is what it is called among the others; `over` is the run, `busy` whoever asks.
  show(model, { name, now, over: runOver, busy }) {
    const { parts } = this;
    const over = isOver(model);
    say(parts.state, stateWords(model, now));
    this.text.show(model.pieces, over);
    hide(parts.retry, !(runOver && canBeRetried(model)), parts.words);
    rest(parts.retry, busy);
    const looks = `${model.state} ${model.pieces.length > 0} ${!!model.evidence} ${!!model.metrics} ${name}`;
    if (looks === this.looks) return; // then nothing but text and time has changed
    this.looks = looks;
    this.model = model;
    this.name = name;
    this.element.dataset.state = model.state;
    say(parts.label, model.label);
    say(parts.slot, model.label !== model.slot && /[@/]/.test(model.slot) ? model.slot : "");
    parts.words.ariaLabel = `Answer of ${name}`;
    say(parts.message, messageOf(model));
    say(parts.evidence, evidenceWords(model.evidence, this.duration ?? undefined));
    parts.text.hidden = !model.pieces.length;
    hide(parts.stop, over, parts.words);
    parts.copy.hidden = !(over && model.pieces.length);
    for (const button of [parts.stop, parts.retry, parts.copy]) {
      button.ariaLabel = `${button.textContent} ${name}`;
    }
    if (model.metrics && !parts.figures.childElementCount) this.#measure(model);
  }

  #measure({ metrics, cached }) {
    for (const [name, value] of figures(metrics, cached)) {
      const [row, term, figure] = ["div", "dt", "dd"].map((tag) => document.createElement(tag));
      term.textContent = name;
      figure.textContent = value;
      row.append(term, figure);
      this.parts.figures.append(row);
    }
    this.parts.figures.hidden = false;
  }

  #emit(name, detail) {
    this.element.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  }
}

function messageOf(model) {
  if (model.state === "interrupted") return "The connection broke; the rest is not known.";
  if (model.state === "done" && !model.pieces.length) return "It ended without saying anything.";
  if (model.message && model.pieces.length) return `${model.message} What came before is kept.`;
  return model.message ?? "";
}
