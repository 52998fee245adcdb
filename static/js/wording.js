// States, figures and evidence in words. What was not measured is said to be so.

import { writeTime } from "./times.js";

export const NOT_REPORTED = "not reported";
export const FROM_MEMORY = "from memory"; // its time says nothing about the model

const PHASES = {
  retrying: "trying again",
  preparing: "preparing the video",
  uploading: "sending the video",
  processing: "the video is being processed",
  thinking: "thinking",
};

// What a model judged by, from its `evidence`.
const EVIDENCE = {
  none: () => "Saw nothing: this is a script.",
  text: () => "Was given the question only.",
  frames: ({ count, audio }) =>
    `Saw ${count ?? "some"} still frames${audio ? " and heard the sound" : ", and heard nothing"}.`,
  video: ({ audio }) => `Saw the video${audio === false ? ", without sound" : ""}.`,
  measurement: ({ measures }) => `Measured ${measures}.`,
};

// `now` by the clock that the session was told the times of.
export function stateWords(model, now) {
  switch (model.state) {
    case "waiting": {
      const phase = model.phase && (PHASES[model.phase] ?? model.phase);
      return ["waiting", phase, elapsedWords(model, now)].filter(Boolean).join(" · ");
    }
    case "working":
      return ["writing", elapsedWords(model, now)].filter(Boolean).join(" · ");
    case "done":
      return model.cached ? "done · remembered" : "done";
    default:
      return model.state;
  }
}

function elapsedWords({ since }, now) {
  const seconds = Math.floor((now - since) / 1000);
  return since === null || !(seconds >= 1) ? null : `${seconds} s`;
}

export function figures(metrics, cached = false) {
  const timed = (value, write) => (cached ? FROM_MEMORY : or(value, write));
  const or = (value, write) => (value === null || value === undefined ? NOT_REPORTED : write(value));
  const count = (value) => value.toLocaleString("en");
  return [
    ["first text", timed(metrics.time_to_first_text, seconds)],
    ["in all", timed(metrics.duration, seconds)],
    ["words", or(metrics.word_count, count)],
    ["words/s", timed(metrics.throughput, (value) => value.toFixed(1))],
    ["tokens", tokens(metrics, (value) => or(value, count))],
    ["cost", or(metrics.cost, dollars)],
  ];
}

function tokens({ input_tokens: read, output_tokens: written }, say) {
  return (read ?? written ?? null) === null ? NOT_REPORTED : `${say(read)} in, ${say(written)} out`;
}

export const seconds = (value) => `${value.toFixed(value < 10 ? 2 : 1)} s`;

export function dollars(value) {
  return value === 0 ? "$0" : `$${value.toFixed(value < 0.1 ? 5 : 2)}`;
}

// The stretch is named only when it is not the whole video.
export function evidenceWords(evidence, duration = Infinity) {
  if (!evidence) return "";
  const parts = [EVIDENCE[evidence.kind]?.(evidence) ?? `Judged by: ${evidence.kind}.`];
  if (evidence.upstream_model) parts.push(`Model ${evidence.upstream_model}.`);
  const [start, end] = evidence.window ?? [0, duration];
  if (start > 0 || end < duration - 0.1) {
    parts.push(`Asked about ${writeTime(start)}–${writeTime(end)}.`);
  }
  return parts.join(" ");
}

export function sizeWords(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let power = 0;
  while (bytes >= 1000 && power < units.length - 1) [bytes, power] = [bytes / 1000, power + 1];
  return `${bytes < 10 && power ? bytes.toFixed(1) : Math.round(bytes)} ${units[power]}`;
}

const KINDS = { analysis: "Watch", comparison: "Compare", commentary: "Commentary" };

export const kindWords = (kind) => KINDS[kind] ?? kind;

export function agoWords(seconds) {
  if (seconds < 60) return "just now";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`;
}

export function totalWords(totals) {
  const parts = [`${totals.succeeded} of ${totals.models_analyzed} done`];
  if (totals.failed) parts.push(`${totals.failed} failed`);
  if (totals.cancelled) parts.push(`${totals.cancelled} stopped`);
  return `${parts.join(", ")}, in ${totals.total_time.toFixed(1)} s`;
}
