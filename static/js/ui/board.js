// The panels of a run side by side, its progress, and what can be done with all of it.
// Emits `stop-all`, `reconnect`, `retry` {slots}, `export` {format}; from panels `stop`, `seek`.
// What its buttons stand for can be refused: that is said here, beside them.

import { isOver, namesOf } from "../session.js";
import { stateWords, totalWords } from "../wording.js";
import { ExportMenu } from "./export-menu.js";
import { Panel } from "./panel.js";
import { fromTemplate, hide, parts, rest, rests, say } from "./parts.js";

export class Board {
  #panels = new Map();
  #states = new Map();
  #failed = [];
  #ended = false; // and that was told
  #trouble = ""; // with what was asked of the run

  constructor(element, fields, panelTemplate) {
    this.element = element;
    this.template = panelTemplate;
    element.append(fields.content.cloneNode(true));
    this.parts = parts(element);
    const { stopAll, reconnect, retry, exports } = this.parts;
    stopAll.addEventListener("click", () => this.#emit("stop-all"));
    reconnect.addEventListener("click", () => rests(reconnect) || this.#emit("reconnect"));
    retry.addEventListener("click", () => rests(retry) || this.#emit("retry", { slots: this.#failed }));
    new ExportMenu(exports);
    element.addEventListener("click", () => (this.#trouble = ""), { capture: true });
  }

  // For a new run; `duration` is null where there is no video.
  clear(query, duration, turns = []) {
    this.duration = duration;
    this.turns = turns;
    this.#panels.clear();
    this.#states.clear();
    this.#trouble = "";
    this.#ended = false;
    if (this.element.contains(document.activeElement)) this.element.focus({ preventScroll: true });
    this.parts.panels.replaceChildren();
    say(this.parts.query, query);
    this.element.hidden = false;
  }

  // `busy`: something is being asked, so that nothing else can be.
  show({ session, lost, now }, busy) {
    const { over } = session;
    this.names = namesOf(session.models.values());
    for (const model of session.models.values()) {
      this.#panel(model).show(model, { name: this.names.get(model.slot), now, over, busy });
    }
    const { progress, overall, problem, stopAll, reconnect, retry, exports } = this.parts;
    progress.max = session.models.size || 1;
    progress.value = session.modelsOver;
    progress.hidden = over;
    hide(stopAll, over, this.element);
    hide(exports, !over, this.element);
    hide(reconnect, session.state !== "interrupted", this.element);
    this.#failed = session.failed;
    hide(retry, !(session.state === "complete" && this.#failed.length), this.element);
    rest(retry, busy);
    rest(reconnect, busy);
    say(overall, overallWords(session, lost));
    say(problem, this.#trouble || (session.problem ?? ""));
    this.#announce(session);
  }

  complain(message) {
    this.#trouble = message;
    say(this.parts.problem, message);
    for (const panel of this.#panels.values()) panel.release();
  }

  // Where each model places its statements, as rows for a timeline.
  get statements() {
    return [...this.#panels.values()].map((panel) => ({
      label: this.names.get(panel.model.slot),
      marks: panel.text.marks,
    }));
  }

  // One polite line for all panels: nine regions, or every word, would be noise.
  #announce(session) {
    const news = [];
    for (const model of session.models.values()) {
      if (this.#states.get(model.slot) === model.state) continue;
      this.#states.set(model.slot, model.state);
      if (model.state === "working" || isOver(model)) {
        news.push(`${this.names.get(model.slot)}: ${stateWords({ ...model, since: null })}`);
      }
    }
    if (session.over && !this.#ended) news.push(overallWords(session));
    this.#ended = session.over;
    if (news.length) this.parts.news.textContent = news.join(". ");
  }

  #panel({ slot }) {
    if (!this.#panels.has(slot)) {
      const panel = new Panel(fromTemplate(this.template), slot, this.duration);
      panel.showEarlier(this.turns.flatMap((turn) => turnOf(turn, slot)));
      this.#panels.set(slot, panel);
      this.parts.panels.append(panel.element);
    }
    return this.#panels.get(slot);
  }

  #emit(name, detail) {
    this.element.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function turnOf({ query, answers }, slot) {
  const answer = answers.find((each) => each.slot === slot);
  return answer ? [{ query, text: answer.text }] : [];
}

function overallWords(session, lost) {
  if (session.state === "complete") return totalWords(session.totals);
  if (session.state === "interrupted") return "Interrupted: the connection to the run is lost.";
  if (lost) return "The connection broke; trying again…";
  if (session.state === "idle") return "Asking…";
  return `${session.modelsOver} of ${session.models.size} ended`;
}
