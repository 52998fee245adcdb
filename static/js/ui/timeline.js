// One row per model under the player: where it places its statements, and where several
// agree. Emits `seek` {from, to}. The links in the answers say the same to the keyboard.

import { agreements, marksInOrder, nearest } from "../timeline.js";
import { writeTime } from "../times.js";
import { parts, say } from "./parts.js";

const REACH = 0.015; // of the width, from a click to the mark it meant

export class Timeline {
  #rows = [];
  #known = ""; // what is drawn

  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    this.parts.rows.addEventListener("click", (event) => this.#click(event));
  }

  clear(duration) {
    this.duration = duration;
    this.show([]);
  }

  show(rows) {
    const known = rows.map(({ marks }) => marks.length).join();
    if (known === this.#known) return;
    this.#known = known;
    this.#rows = rows.map(({ label, marks }) => ({ label, marks: marksInOrder(marks) }));
    const any = this.#rows.some(({ marks }) => marks.length) && this.duration > 0;
    this.element.hidden = !any;
    if (!any) return;
    const agreed = agreements(this.#rows, this.duration);
    this.playhead = element("span", "playhead");
    const shared = element("span", "lane");
    shared.append(...agreed.map((place) => this.#agreement(place)), this.playhead);
    this.parts.rows.replaceChildren(shared, ...this.#rows.map((row) => this.#row(row)));
    this.moment(this.at ?? 0);
    const many = agreed.length === 1 ? "one moment" : `${agreed.length} moments`;
    say(this.parts.legend, agreed.length ? `Bands: ${many} that several models name.` : "");
  }

  moment(seconds) {
    this.at = seconds;
    if (this.playhead) this.playhead.style.left = this.#place(seconds);
  }

  #row({ label, marks }) {
    const row = element("div", "timeline-row");
    const name = element("span", "timeline-name");
    const track = element("span", "track");
    name.textContent = label;
    name.ariaHidden = "true";
    track.setAttribute("role", "img");
    track.ariaLabel = `${label}: ${describe(marks)}`;
    track.append(...marks.map((mark) => this.#mark(mark)));
    row.append(name, track);
    return row;
  }

  #mark({ from, to }) {
    const mark = element("span", to === null ? "moment" : "moment stretch-of");
    mark.style.left = this.#place(from);
    if (to !== null) mark.style.width = this.#place(to - from);
    mark.title = writeTime(from) + (to === null ? "" : `–${writeTime(to)}`);
    return mark;
  }

  #agreement({ from, to, count }) {
    const band = element("span", "agreement");
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
    const detail = nearest(this.#rows, part * this.duration, REACH * this.duration);
    this.element.dispatchEvent(new CustomEvent("seek", { detail }));
  }
}

function describe(marks) {
  if (!marks.length) return "names no moment";
  const times = marks.slice(0, 20).map(({ from }) => writeTime(from));
  return times.join(", ") + (marks.length > 20 ? ` and ${marks.length - 20} more` : "");
}

function element(tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  return made;
}
