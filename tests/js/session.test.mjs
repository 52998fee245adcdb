import assert from "node:assert/strict";
import { test } from "node:test";

import { namesOf, Session, textOf } from "../../static/js/session.js";

const start = (...models) => ({ event_type: "start", run_id: "r", models, message: "" });
const text = (model, text) => ({ event_type: "text_generation", model, model_name: model, text });
const end = (model) => ({ event_type: "model_end", model, finish_reason: "stop" });
const failed = (model, code) => ({ event_type: "error", model, code, message: "Why." });
const complete = { event_type: "complete", models_analyzed: 2, succeeded: 2, total_time: 1 };

function after(...events) {
  const session = new Session();
  events.forEach((event) => session.apply(event));
  return session;
}
const state = (session, slot) => session.models.get(slot).state;

test("every model asked is there, waiting, from the first event on", () => {
  const session = after(start("a", "b@rate=5"));
  assert.deepEqual([...session.models.keys()], ["a", "b@rate=5"]);
  assert.equal(state(session, "a"), "waiting");
  assert.equal(session.runId, "r");
});

test("interleaved texts reach their own model, in order", () => {
  const session = after(start("a", "b"), text("a", "1"), text("b", "x"), text("a", "2"));
  assert.equal(textOf(session.models.get("a")), "12");
  assert.equal(textOf(session.models.get("b")), "x");
  assert.equal(state(session, "a"), "working");
});

test("a model named only by model_name is known", () => {
  const session = after(start("a"), { event_type: "text_generation", model_name: "a", text: "t" });
  assert.equal(textOf(session.models.get("a")), "t");
});

test("waiting tells its phase and how long it has been", () => {
  const waiting = { event_type: "model_waiting", model: "a", elapsed_s: 4.1, phase: "uploading" };
  const session = after(start("a"));
  session.apply(waiting, 10_000);
  const model = session.models.get("a");
  assert.deepEqual([model.state, model.phase, model.since], ["waiting", "uploading", 5900]);
});

test("one model's failure leaves the others at work", () => {
  const session = after(start("a", "b"), text("b", "x"), failed("a", "upstream"));
  assert.equal(state(session, "a"), "failed");
  assert.equal(session.models.get("a").message, "Why.");
  assert.equal(state(session, "b"), "working");
  assert.equal(session.modelsOver, 1);
});

test("a cancelled model is stopped, not failed, and keeps its text", () => {
  const session = after(start("a"), text("a", "kept"), failed("a", "cancelled"));
  assert.equal(state(session, "a"), "stopped");
  assert.equal(textOf(session.models.get("a")), "kept");
});

test("of two ends of a model the first is the only one, and nothing follows it", () => {
  const session = after(start("a"), end("a"), failed("a", "upstream"), text("a", "late"));
  assert.equal(state(session, "a"), "done");
  assert.equal(textOf(session.models.get("a")), "");
});

test("a stream that ends without complete leaves nobody working", () => {
  const session = after(start("a", "b", "c"), text("a", "half"), end("b"));
  session.close();
  assert.equal(session.state, "interrupted");
  assert.deepEqual(["a", "b", "c"].map((slot) => state(session, slot)), [
    "interrupted",
    "done",
    "interrupted",
  ]);
});

test("closing after complete changes nothing", () => {
  const session = after(start("a", "b"), end("a"), end("b"), complete);
  session.close();
  assert.equal(session.state, "complete");
  assert.equal(session.totals.succeeded, 2);
});

test("an error without a model is the run's own", () => {
  const session = after(start("a"), { event_type: "error", code: "internal", message: "Ours." });
  assert.equal(session.problem, "Ours.");
  assert.equal(state(session, "a"), "waiting");
});

test("elapsed times count from the server's own word where there is one", () => {
  const session = after(start("a", "b"));
  session.apply({ event_type: "model_start", model: "a", timestamp: 5 }, 9000);
  session.apply({ event_type: "model_start", model: "b" }, 9000);
  assert.deepEqual([...session.models.values()].map(({ since }) => since), [5000, 9000]);
});

test("those who failed or broke off can be asked again, those who were stopped need not", () => {
  const session = after(start("a", "b", "c", "d"), failed("a", "quota"), failed("b", "cancelled"), end("c"));
  session.close();
  assert.deepEqual(session.failed, ["a", "d"]);
});

test("those a restarting server stopped can be asked again", () => {
  const session = after(start("a", "b"), { ...failed("a", "cancelled"), retryable: true }, failed("b", "cancelled"));
  assert.equal(state(session, "a"), "stopped");
  assert.deepEqual(session.failed, ["a"]);
});

test("events of a later server are passed over", () => {
  const session = after(start("a"), { event_type: "weather" }, { event_type: "mood", model: "a" });
  assert.equal(state(session, "a"), "waiting");
});

test("those that have one label are called by their slots", () => {
  const models = [["a", "A"], ["b", "B"], ["b@fps=4", "B"]].map(([slot, label]) => ({ slot, label }));
  assert.deepEqual([...namesOf(models).values()], ["A", "b", "b@fps=4"]);
});
