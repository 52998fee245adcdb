// One row per model under the player: where it places its statements, and where several
// agree. Emits `seek` {from, to}. The links in the answers say the same to the keyboard.

import { agreements, nearest, Row } from "../timeline.js";
import { writeTime } from "../times.js";
import { parts, say } from "./parts.js";

const REACH = 0.015; // of the width, from a click to the mark it meant

export class Timeline {
  #rows = []; // {row, track}, one per model; only what is new in them is drawn
  #bands = ""; // what is drawn of where they agree

  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    this.playhead = make("span", "playhead");
    this.shared = make("span", "lane");
    this.parts.rows.addEventListener("click", (event) => this.#click(event));
  }

  clear(duration) {
    this.duration = duration;
    this.element.hidden = true;
    this.#rows = [];
    this.#bands = "";
    this.shared.replaceChildren(this.playhead);
    this.parts.rows.replaceChildren(this.shared);
    this.moment(0);
  }

  show(rows) {
    if (!(this.duration > 0)) return; // of a video that is not here any more
    let any = false;
    rows.forEach(({ label, marks }, number) => {
      const known = (this.#rows[number] ??= this.#begin());
      if (known.row.label !== label) this.#call(known, label);
      const fresh = known.row.take(marks);
      if (!fresh.length) return;
      any = true;
      known.track.append(...fresh.map((mark) => this.#mark(mark)));
      known.track.ariaLabel = `${label}: ${describe(known.row.marks)}`;
    });
    if (!any) return;
    this.element.hidden = false;
    this.#agree(agreements(this.#rows.map(({ row }) => row), this.duration));
  }

  moment(seconds) {
    this.playhead.style.left = this.#place(seconds);
  }

  // What a model is called is known for sure only when all have begun.
  #call(known, label) {
    known.row.label = known.name.textContent = known.name.title = label;
    known.track.ariaLabel = `${label}: ${describe(known.row.marks)}`;
  }

  #begin() {
    const element = make("div", "timeline-row");
    const name = make("span", "timeline-name");
    const track = make("span", "track");
    name.ariaHidden = "true";
    track.setAttribute("role", "img");
    element.append(name, track);
    this.parts.rows.append(element);
    return { row: new Row(), name, track };
  }

  #agree(agreed) {
    const bands = JSON.stringify(agreed);
    if (bands === this.#bands) return;
    this.#bands = bands;
    this.shared.replaceChildren(...agreed.map((place) => this.#agreement(place)), this.playhead);
    const many = agreed.length === 1 ? "one moment" : `${agreed.length} moments`;
    say(this.parts.legend, agreed.length ? `Bands: ${many} that several models name.` : "");
  }

  #mark({ from, to }) {
    const mark = make("span", to === null ? "moment" : "moment stretch-of");
    mark.style.left = this.#place(from);
    if (to !== null) mark.style.width = this.#place(to - from);
    mark.title = writeTime(from) + (to === null ? "" : `–${writeTime(to)}`);
    return mark;
  }

  #agreement({ from, to, count }) {
    const band = make("span", "agreement");
    band.style.left = this.#place(from);
    band.style.width = this.#place(to - from);
    band.style.opacity = String(Math.min(1, 0.35 + 0.2 * count));
    return band;
  }

  #place(seconds) {
    return `${Math.min(100, Math.max(0, (seconds / this.duration) * 100)).toFixed(3)}%`;
  }

  #click({ clientX }) {
    const box = this.parts.rows.querySelector(".track").getBoundingClientRect();
    const part = (clientX - box.left) / box.width;
    if (part < 0 || part > 1) return; // the name of a model
    const detail = nearest(this.#rows.map(({ row }) => row), part * this.duration, REACH * this.duration);
    this.element.dispatchEvent(new CustomEvent("seek", { detail }));
  }
}

function describe(marks) {
  if (!marks.length) return "names no moment";
  const times = marks.slice(0, 20).map(({ from }) => writeTime(from));
  return times.join(", ") + (marks.length > 20 ? ` and ${marks.length - 20} more` : "");
}

function make(tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}
