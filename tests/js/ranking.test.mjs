import assert from "node:assert/strict";
import { test } from "node:test";

import { cellOf, COLUMNS, ranked } from "../../static/js/ranking.js";

const column = (name) => COLUMNS.find((each) => each.name === name);
const models = [
  { label: "B", state: "done", metrics: { duration: 2, cost: null } },
  { label: "a", state: "failed", metrics: null },
  { label: "C", state: "done", metrics: { duration: 1.5, cost: 0.002 } },
];
const order = (name, descending) => ranked(models, column(name), descending).map(({ label }) => label);

test("models are put in order by a figure, either way", () => {
  assert.deepEqual(order("duration", false), ["C", "B", "a"]);
  assert.deepEqual(order("model", false), ["a", "B", "C"]);
});

test("what was not reported comes last, whichever way", () => {
  assert.deepEqual(order("cost", false)[0], "C");
  assert.deepEqual(order("cost", true)[0], "C");
  assert.deepEqual(order("duration", true), ["B", "C", "a"]);
});

test("a pace has one digit after the point, as in the panels", () => {
  assert.equal(cellOf({ cached: false, metrics: { throughput: 42.847 } }, column("pace")), "42.8");
});

test("what comes from memory has no pace to be ranked by", () => {
  const kept = { label: "K", state: "done", cached: true, metrics: { duration: 0.001, throughput: 1e6, word_count: 9 } };
  assert.equal(cellOf(kept, column("pace")), "from memory");
  assert.equal(cellOf(kept, column("words")), "9");
  assert.equal(ranked([kept, ...models], column("duration"), false)[0].label, "C");
});

test("a cell says what was measured, or that nothing was", () => {
  assert.equal(cellOf(models[0], column("duration")), "2.00 s");
  assert.equal(cellOf(models[0], column("cost")), "not reported");
  assert.equal(cellOf(models[2], column("cost")), "$0.00200");
  assert.equal(cellOf(models[1], column("first")), "not reported");
});
