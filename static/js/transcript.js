// A kept commentary as Markdown, and as one HTML file: its lines, each with its time.

import { escaped, page, words } from "./html.js";
import { fenced, oneLine } from "./markdown.js";
import { videoOf } from "./record.js";
import { writeTime } from "./times.js";

const titleOf = (record) => `Commentary on ${videoOf(record)}`;

function facts({ state, problem, options, film, warnings, run_id, exported }) {
  const asked = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  const made = film && `Film: ${film}`;
  return [`State: ${state}`, problem, asked.join(", "), made, ...warnings, `Run ${run_id}, exported ${exported}`].filter(Boolean);
}

const timeOf = ({ start, end }) => (start === null ? "never heard" : `${writeTime(start, 1)}–${writeTime(end, 1)}`);

// Those who take turns have names.
const headOf = (line) => [timeOf(line), line.speaker, line.failed && `failed: ${line.message}`].filter(Boolean).join(" · ");

export function transcriptMarkdown(record) {
  const told = facts(record).map((fact) => `- ${oneLine(fact)}`);
  const lines = record.lines.flatMap((line) => [`## ${oneLine(headOf(line))}`, line.text && fenced(line.text)]);
  return `${[`# ${oneLine(titleOf(record))}`, told.join("\n"), ...lines].filter(Boolean).join("\n\n")}\n`;
}

export function transcriptHtml(record) {
  const lines = record.lines.map((line) => `<p class="quiet">${escaped(headOf(line))}</p>\n${words(line.text)}\n`);
  return page(titleOf(record), facts(record), lines.join(""));
}
