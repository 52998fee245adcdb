// What a commentary should be like. Emits `ask` with the options that were chosen.

import { parts, say } from "./parts.js";

export class CommentaryForm {
  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    const { volume, volumeFigure } = this.parts;
    const tell = () => (volumeFigure.textContent = `${volume.value} %`);
    volume.addEventListener("input", tell);
    tell();
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.complain("");
      this.element.dispatchEvent(new CustomEvent("ask", { detail: this.options }));
    });
  }

  // Only what says more than the server's own choice.
  get options() {
    const { language, style, voice, interval, writer, volume, context, fresh } = this.parts;
    const chosen = {
      language: language.value,
      style: style.value,
      voice: voice.value.trim(),
      interval: interval.value,
      writer: writer.value,
      original_volume: String(volume.value / 100),
      context: context.value.trim(),
      new: fresh.checked ? "1" : "",
    };
    return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
  }

  // Those who can write lines: `rules` always, and models that read text.
  offer(models) {
    const writers = models.filter(({ takes, simulated, available }) => takes.includes("text") && !simulated && available);
    this.parts.writer.append(...writers.map(({ name, label }) => new Option(label, name)));
  }

  busy(working) {
    const { submit } = this.parts;
    submit.disabled = working;
    submit.textContent = working ? "Commentating…" : "Start";
  }

  complain(message) {
    say(this.parts.problem, message);
  }
}
