// A kept run as Markdown. Answers stand in fences, so that nothing in them becomes markup.

import { videoOf } from "./record.js";
import { evidenceWords, figures, stateWords, totalWords } from "./wording.js";

export function toMarkdown(record) {
  const parts = [`# ${oneLine(record.query)}`, facts(record)];
  for (const { query, answers } of record.earlier) {
    parts.push(`## Before: ${oneLine(query)}`);
    for (const { label, text } of answers) parts.push(`### ${oneLine(label)}`, fenced(text));
  }
  for (const model of record.models) parts.push(...answer(model));
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function facts(record) {
  const { window, totals, run_id, exported } = record;
  const video = videoOf(record);
  const lines = [];
  if (video) lines.push(`- Video: ${oneLine(video)}${window ? `, ${window[0]}–${window[1]} s` : ""}`);
  if (totals) lines.push(`- ${totalWords(totals)}`);
  lines.push(`- Run ${oneLine(run_id ?? "unknown")}, exported ${exported}`);
  return lines.join("\n");
}

function answer(model) {
  const { label, slot, message, evidence, metrics, cached, text } = model;
  const lines = [`- State: ${stateWords({ ...model, since: null })}`];
  if (slot !== label) lines.push(`- Slot: ${oneLine(slot)}`);
  if (message) lines.push(`- ${oneLine(message)}`);
  if (evidence) lines.push(`- ${oneLine(evidenceWords(evidence))}`);
  for (const [name, value] of metrics ? figures(metrics, cached) : []) lines.push(`- ${name}: ${value}`);
  return [`## ${oneLine(label)}`, lines.join("\n"), text && fenced(text)];
}

// Every character that Markdown or HTML could take for markup, with a backslash before it.
export function oneLine(text) {
  return text.replace(/\s+/g, " ").trim().replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, "\\$&");
}

// A fence longer than any in the text cannot be closed by it.
export function fenced(text) {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text.replace(/\r\n?/g, "\n")}\n${fence}`;
}
