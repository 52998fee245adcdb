import assert from "node:assert/strict";
import { test } from "node:test";

import { fromComparison } from "../../static/js/comparison.js";
import { Session, textOf } from "../../static/js/session.js";

const start = (model) => ({ model, type: "start", run_id: "r" });
const chunk = (model, content) => ({ model, type: "chunk", content });
const failure = (model, code) => ({ model, type: "error", code, message: "Why.", retryable: true, partial: false });
const done = (model, error = false) => ({ model, type: "done", error, finish_reason: error ? null : "stop" });
const outcome = (state, more = {}) => ({ duration: 2, word_count: 3, state, cached: false, finish_reason: null, error: null, ...more });
const complete = (models) => {
  const good = Object.values(models).filter(({ state }) => state === "done").length;
  const asked = Object.keys(models).length;
  return {
    type: "complete",
    metadata: { processing_time_ms: 2500, models_successful: good, models_failed: asked - good, models },
  };
};

function after(...events) {
  const session = new Session({ translate: fromComparison, labelOf: (slot) => slot.toUpperCase() });
  events.forEach((event) => session.apply(event, 1000));
  return session;
}
const model = (session, slot) => session.models.get(slot);

test("every model is there, named and timed, from its start on", () => {
  const session = after(start("a"), start("b"));
  assert.equal(session.runId, "r");
  assert.deepEqual([...session.models.values()].map(({ label, state, since }) => [label, state, since]), [
    ["A", "waiting", 1000],
    ["B", "waiting", 1000],
  ]);
});

test("chunks are text, and done is an end", () => {
  const session = after(start("a"), chunk("a", "one "), chunk("a", "two"), done("a"));
  assert.equal(textOf(model(session, "a")), "one two");
  assert.equal(model(session, "a").state, "done");
  assert.equal(session.over, false);
});

test("a failed model says why, once, though done follows", () => {
  const session = after(start("a"), start("b"), failure("a", "quota"), done("a", true), failure("b", "cancelled"), done("b", true));
  assert.deepEqual([model(session, "a").state, model(session, "a").message], ["failed", "Why."]);
  assert.equal(model(session, "b").state, "stopped");
});

test("figures come at the end, also for those who ended long before", () => {
  const models = { a: outcome("done", { cached: true }), b: outcome("failed"), c: outcome("cancelled") };
  const session = after(start("a"), start("b"), start("c"), done("a"), failure("b", "x"), failure("c", "cancelled"), complete(models));
  assert.equal(session.state, "complete");
  assert.deepEqual(model(session, "a").metrics, { duration: 2, word_count: 3 });
  assert.equal(model(session, "a").cached, true);
  const { succeeded, failed, cancelled, total_time } = session.totals;
  assert.deepEqual([succeeded, failed, cancelled, total_time], [1, 1, 1, 2.5]);
});

test("a failure of the whole is the run's own, and a new kind of event is passed over", () => {
  const session = after(start("a"), { type: "weather", model: "a" }, { type: "error", code: "internal", message: "Ours." });
  assert.equal(session.problem, "Ours.");
  assert.equal(model(session, "a").state, "waiting");
});
