// The panels of a run side by side, its progress, and Stop all. Emits `stop-all`, `reconnect`.

import { isOver } from "../session.js";
import { stateWords, totalWords } from "../wording.js";
import { Panel } from "./panel.js";
import { fromTemplate, parts, say } from "./parts.js";

export class Board {
  #panels = new Map();
  #states = new Map();

  constructor(element, panelTemplate) {
    this.element = element;
    this.template = panelTemplate;
    this.parts = parts(element);
    const emit = (name) => () => element.dispatchEvent(new Event(name));
    this.parts.stopAll.addEventListener("click", emit("stop-all"));
    this.parts.reconnect.addEventListener("click", emit("reconnect"));
  }

  clear(query, duration) {
    this.duration = duration;
    this.#panels.clear();
    this.#states.clear();
    this.parts.panels.replaceChildren();
    this.parts.stopAll.disabled = false;
    say(this.parts.query, query);
    this.element.hidden = false;
  }

  show(session, lost) {
    for (const model of session.models.values()) this.#panel(model.slot).show(model);
    const { progress, overall, problem, stopAll, reconnect } = this.parts;
    progress.max = session.models.size || 1;
    progress.value = session.modelsOver;
    progress.hidden = session.over;
    stopAll.hidden = session.over;
    reconnect.hidden = session.state !== "interrupted";
    say(overall, this.#overall(session, lost));
    say(problem, session.problem ?? "");
    this.#announce(session);
  }

  #overall(session, lost) {
    if (session.state === "complete") return totalWords(session.totals);
    if (session.state === "interrupted") return "Interrupted: the connection to the run is lost.";
    if (lost) return "The connection broke; trying again…";
    if (session.state === "idle") return "Asking…";
    return `${session.modelsOver} of ${session.models.size} ended`;
  }

  // One polite line for all panels: nine regions, or every word, would be noise.
  #announce(session) {
    const news = [];
    for (const model of session.models.values()) {
      if (this.#states.get(model.slot) === model.state) continue;
      this.#states.set(model.slot, model.state);
      if (model.state === "working" || isOver(model)) {
        news.push(`${model.label}: ${stateWords(model)}`);
      }
    }
    if (news.length) this.parts.news.textContent = news.join(". ");
  }

  #panel(slot) {
    if (!this.#panels.has(slot)) {
      const panel = new Panel(fromTemplate(this.template), slot, this.duration);
      this.#panels.set(slot, panel);
      this.parts.panels.append(panel.element);
    }
    return this.#panels.get(slot);
  }
}
