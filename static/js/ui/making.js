// How far a commentary is, stage by stage, and what came of it. Emits `stop`, `go-on`,
// `export` {format}.

import { writeTime } from "../times.js";
import { ExportMenu } from "./export-menu.js";
import { hide, parts, say } from "./parts.js";

export class Making {
  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    const emit = (name) => () => element.dispatchEvent(new Event(name));
    this.parts.stop.addEventListener("click", emit("stop"));
    this.parts.goOn.addEventListener("click", emit("go-on"));
    new ExportMenu(this.parts.exports);
    element.addEventListener("click", () => (this.trouble = ""), { capture: true });
  }

  // For a new commentary: nothing has come of it yet.
  begin() {
    this.parts.result.hidden = true;
    this.trouble = "";
  }

  // What its buttons stood for was refused.
  complain(message) {
    this.trouble = message;
    say(this.parts.problem, message);
  }

  show(commentary, lost) {
    const { overall, bar, stop, goOn, exports, problem, result } = this.parts;
    const { over, state, progress, stretches, lines, chunks } = commentary;
    this.element.hidden = false;
    bar.value = progress;
    bar.hidden = over;
    hide(stop, over, this.element);
    hide(goOn, state !== "interrupted", this.element);
    hide(exports, !over, this.element);
    say(overall, lost ? "The connection broke; trying again…" : overallWords(commentary));
    say(problem, this.trouble || (commentary.problem ?? ""));
    this.#stage("seen", stretches.seen, stretches.of);
    const failed = [...lines.values()].filter((line) => line.state === "failed").length;
    say(this.parts.linesFigure, `${lines.size - failed}${failed ? `, ${failed} failed` : ""}`);
    this.#stage("cut", chunks.length, stretches.of);
    say(this.parts.playable, chunks.length ? `to ${writeTime(commentary.playableTo)}` : "");
    if (commentary.result && result.hidden) this.#end(commentary.result);
    if (!commentary.result) result.hidden = true;
  }

  #stage(name, done, all) {
    this.parts[`${name}Bar`].max = all ?? 1;
    this.parts[`${name}Bar`].value = all ? done : 0;
    say(this.parts[`${name}Figure`], all ? `${done} of ${all}` : "not begun");
  }

  #end({ final_url, final_video, captions_url, warnings }) {
    const { film, captions, warned, result } = this.parts;
    film.href = final_url;
    film.download = final_video;
    captions.href = captions_url;
    captions.download = final_video.replace(/\.[^.]*$/, "") + ".vtt";
    say(warned, warnings.join(" "));
    result.hidden = false;
  }
}

function overallWords({ state, message, position }) {
  if (state === "queued") return `Waiting for a place: number ${position} in the queue.`;
  if (state === "interrupted") return "Interrupted. What was made is kept, and going on does not make it twice.";
  if (state === "complete") return "Done.";
  if (state === "stopped") return "Stopped.";
  if (state === "failed") return "It failed.";
  return message || "Asking…";
}
