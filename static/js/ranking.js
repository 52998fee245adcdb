// The figures of a run as rows of a table, and how to put them in order.

import { dollars, FROM_MEMORY, NOT_REPORTED, seconds, stateWords } from "./wording.js";

const timed = (name) => ({ cached, metrics }) => (cached ? null : metrics?.[name]);

// The first text, the fewest seconds and the lowest cost are the best; `down` begins with
// the most.
export const COLUMNS = [
  { name: "model", label: "Model", of: (model) => model.label, text: true },
  { name: "state", label: "State", of: (model) => stateWords({ ...model, since: null }), text: true },
  { name: "first", label: "First text", of: timed("time_to_first_text"), timed: true, write: seconds },
  { name: "duration", label: "In all", of: timed("duration"), timed: true, write: seconds },
  { name: "words", label: "Words", of: ({ metrics }) => metrics?.word_count, down: true },
  { name: "pace", label: "Words/s", of: timed("throughput"), timed: true, write: (value) => value.toFixed(1), down: true },
  { name: "read", label: "Tokens in", of: ({ metrics }) => metrics?.input_tokens, down: true },
  { name: "written", label: "Tokens out", of: ({ metrics }) => metrics?.output_tokens, down: true },
  { name: "cost", label: "Cost", of: ({ metrics }) => metrics?.cost, write: dollars },
];

export function cellOf(model, { of, timed, write = (value) => value.toLocaleString("en") }) {
  const value = of(model) ?? null;
  if (timed && model.cached) return FROM_MEMORY;
  if (value === null) return NOT_REPORTED;
  return typeof value === "string" ? value : write(value);
}

// What was not reported comes last, whichever way the rest is sorted.
export function ranked(models, column, descending) {
  const way = descending ? -1 : 1;
  return [...models].sort((a, b) => {
    const [x, y] = [column.of(a) ?? null, column.of(b) ?? null];
    if (x === null || y === null) return (x === null) - (y === null);
    return way * (column.text ? x.localeCompare(y, "en") : x - y);
  });
}
