import assert from "node:assert/strict";
import { test } from "node:test";

import {
  NOT_REPORTED,
  agoWords,
  evidenceWords,
  figures,
  sizeWords,
  stateWords,
  totalWords,
} from "../../static/js/wording.js";

test("a figure nobody reported is said to be so, and nothing measured is", () => {
  const measured = { word_count: 0, cost: 0, duration: 1.234, time_to_first_text: null };
  const told = Object.fromEntries(figures(measured));
  assert.equal(told["first text"], NOT_REPORTED);
  assert.equal(told.tokens, NOT_REPORTED);
  assert.equal(told["in all"], "1.23 s");
  assert.equal(told.words, "0");
  assert.equal(told.cost, "$0");
});

test("tokens reported on one side only are not made up on the other", () => {
  const told = Object.fromEntries(figures({ input_tokens: 5, output_tokens: null }));
  assert.equal(told.tokens, "5 in, not reported out");
});

test("a small cost is not rounded away", () => {
  assert.equal(Object.fromEntries(figures({ cost: 0.00042 })).cost, "$0.00042");
});

test("waiting says for what and how long", () => {
  const model = { state: "waiting", phase: "uploading", since: 1000 };
  assert.equal(stateWords(model, 5200), "waiting · sending the video · 4 s");
  assert.equal(stateWords({ ...model, state: "working" }, 13_000), "writing · 12 s");
  assert.equal(stateWords({ state: "waiting", phase: null, since: null }, 9), "waiting");
  assert.equal(stateWords({ state: "waiting", phase: "dreaming", since: 9000 }, 8000), "waiting · dreaming");
});

test("how long ago a run was is said in the unit that fits", () => {
  const said = [0, 59, 60, 3599, 3600, 47 * 3600, 72 * 3600].map(agoWords);
  assert.deepEqual(said, ["just now", "just now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "3 days ago"]);
});

test("an answer from memory says that it is one", () => {
  assert.equal(stateWords({ state: "done", cached: true }), "done · remembered");
});

test("evidence of a kind unknown here is named all the same", () => {
  assert.match(evidenceWords({ kind: "smell" }), /smell/);
  assert.equal(evidenceWords(null), "");
});

test("evidence says what was seen, heard and asked about", () => {
  assert.match(evidenceWords({ kind: "video", window: [30, 55.2] }), /0:30–0:55/);
  assert.doesNotMatch(evidenceWords({ kind: "video", window: [0, 24] }, 24.04), /about/);
  assert.match(evidenceWords({ kind: "frames", count: 24, audio: false }), /24 .*heard nothing/);
  assert.match(evidenceWords({ kind: "measurement", measures: "hard cuts" }), /hard cuts/);
});

test("totals name only what happened", () => {
  const totals = { models_analyzed: 3, succeeded: 2, failed: 1, cancelled: 0, total_time: 2.34 };
  assert.equal(totalWords(totals), "2 of 3 done, 1 failed, in 2.3 s");
});

test("sizes are short", () => {
  assert.deepEqual([0, 999, 1500, 12345678].map(sizeWords), ["0 B", "999 B", "1.5 kB", "12 MB"]);
});
