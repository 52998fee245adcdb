// Which models to ask. Emits `change` when the choice changes.

import { modelOf } from "../slots.js";
import { fromTemplate, parts, say } from "./parts.js";

export class Models {
  #choices = new Map(); // slot -> its parts
  #touched = false;

  // `fits` says of a model of the server's list whether it belongs here.
  constructor(element, fields, template, fits = () => true) {
    this.element = element;
    this.template = template;
    this.fits = fits;
    element.append(fields.content.cloneNode(true));
    this.parts = parts(element);
    const { add, slot } = this.parts;
    element.addEventListener("change", () => (this.#touched = true));
    add.addEventListener("click", () => this.#addTyped());
    slot.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it adds a model; it does not send the question
      this.#addTyped();
    });
  }

  get chosen() {
    return [...this.#choices.values()].filter(({ box }) => box.checked).map(({ box }) => box.value);
  }

  labelOf(slot) {
    return this.#choices.get(modelOf(slot))?.model?.label ?? slot;
  }

  // The list as the server tells it; marks follow the question, choices stay as they are.
  show(models) {
    const fitting = models.filter(this.fits);
    const first = firstChosen(fitting);
    for (const model of fitting) {
      if (!this.#choices.has(model.name)) this.#add(model.name, model);
      const choice = this.#choices.get(model.name);
      choice.mark.hidden = !model.recommended;
      if (!this.#touched) choice.box.checked = first.includes(model);
    }
    const lacking = fitting.filter(({ available }) => !available);
    this.parts.lackingFold.hidden = !lacking.length;
    say(this.parts.lackingNames, `Not set up: ${lacking.map(({ label }) => label).join(", ")}`);
    if (!this.parts.choices.childElementCount) {
      this.parts.simulatedFold.open = this.parts.lackingFold.open = true;
    }
  }

  // Exactly these, whether or not the list has them: `gemini@fps=4` is a slot of its own.
  choose(slots) {
    this.#touched = true;
    for (const { box } of this.#choices.values()) box.checked = false;
    for (const slot of slots) {
      if (!this.#choices.has(slot)) this.#add(slot, this.#choices.get(modelOf(slot))?.model);
      const { box, model } = this.#choices.get(slot);
      box.checked = !box.disabled;
      if (model?.simulated) this.parts.simulatedFold.open = true;
      if (box.disabled) this.parts.lackingFold.open = true;
    }
  }

  #addTyped() {
    const slot = this.parts.slot.value.trim();
    if (!slot) return;
    this.choose([...new Set([...this.chosen, slot])]);
    this.parts.slot.value = "";
  }

  #add(slot, model) {
    const element = fromTemplate(this.template);
    const choice = { ...parts(element), model };
    const plain = model?.name === slot;
    choice.box.value = slot;
    choice.box.disabled = model?.available === false;
    say(choice.label, plain ? model.label : slot);
    say(choice.about, plain ? model.about : (model?.label ?? ""));
    say(choice.lacks, choice.box.disabled ? `Set ${model.missing} to use it.` : "");
    this.#choices.set(slot, choice);
    this.parts[this.#place(choice)].append(element);
  }

  #place({ box, model }) {
    if (box.disabled) return "lacking";
    return model?.simulated ? "simulated" : "choices";
  }
}

// Ticked before anybody has chosen: what is recommended, else one that can be asked, else the
// simulated ones, so that there is something to press the button for without any key.
function firstChosen(models) {
  const ready = models.filter(({ available }) => available);
  const recommended = ready.filter((model) => model.recommended);
  if (recommended.length) return recommended;
  const real = ready.filter(({ simulated }) => !simulated);
  return real.length ? real.slice(0, 1) : ready.slice(0, 3);
}
