// What a commentary should be like. Emits `ask` with the options that were chosen.

import { parts, rest, rests, say } from "./parts.js";

const USUAL = {
  ...{ language: "en", style: "neutral", voice: "", interval: "" },
  ...{ detector: "", writer: "", original_volume: 0.2, context: "" },
};

export class CommentaryForm {
  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    const { volume, volumeFigure } = this.parts;
    this.tellVolume = () => (volumeFigure.textContent = `${volume.value}\u00a0%`);
    volume.addEventListener("input", this.tellVolume);
    this.tellVolume();
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      if (rests(this.parts.submit)) return;
      this.complain("");
      this.element.dispatchEvent(new CustomEvent("ask", { detail: this.options }));
    });
  }

  // Only what says more than the server's own choice.
  get options() {
    const { language, style, voice, interval, detector, writer, volume, context, fresh } = this.parts;
    const chosen = {
      language: language.value,
      style: style.value,
      voice: voice.value.trim(),
      interval: interval.value,
      detector: detector.value,
      writer: writer.value,
      original_volume: String(volume.value / 100),
      context: context.value.trim(),
      new: fresh.checked ? "1" : "",
    };
    return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
  }

  // As a commentary was asked for: its options as the server tells them.
  fill(options) {
    const { parts } = this;
    const { language, style, voice, interval, detector, writer, original_volume: share, context } = { ...USUAL, ...options };
    choose(parts.language, language);
    choose(parts.style, style === "neutral" ? "" : style);
    choose(parts.detector, detector);
    choose(parts.writer, writer);
    parts.voice.value = voice;
    parts.interval.value = interval;
    parts.volume.value = Math.round(share * 100);
    parts.context.value = context;
    parts.fresh.checked = false;
    this.tellVolume();
  }

  // Those who can watch and those who can write lines, beside what is built in.
  offer(models) {
    const ready = models.filter(({ takes, simulated, available }) => takes.includes("text") && !simulated && available);
    const watching = ready.filter(({ takes }) => takes.includes("video") || takes.includes("frames"));
    for (const [select, some] of [[this.parts.detector, watching], [this.parts.writer, ready]]) {
      const known = [...select.options].map(({ value }) => value);
      const fresh = some.filter(({ name }) => !known.includes(name));
      select.append(...fresh.map(({ name, label }) => new Option(label, name)));
    }
  }

  busy(working) {
    const { submit } = this.parts;
    rest(submit, working);
    submit.textContent = working ? "Commentating…" : "Start";
  }

  complain(message) {
    say(this.parts.problem, message);
  }
}

// A value the page does not offer was asked for by somebody else, and is offered then.
function choose(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.append(new Option(value, value));
  select.value = value;
}
