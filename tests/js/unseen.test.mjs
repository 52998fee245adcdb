import assert from "node:assert/strict";
import { test } from "node:test";

import { Unseen } from "../../static/js/unseen.js";

const run = (runId, over = false) => {
  const running = { session: { runId, over }, left: false, changed: () => assert.fail("nobody looks") };
  running.leave = () => (running.left = true);
  return running;
};

test("what goes on is followed, unheard, and the oldest is left when there are many", () => {
  const unseen = new Unseen();
  const runs = ["a", "b", "c"].map((id) => run(id));
  runs.slice(0, 2).forEach((running) => unseen.keep(running));
  runs[0].changed();
  assert.deepEqual(runs.map(({ left }) => left), [false, false, false]);
  unseen.keep(runs[2]);
  assert.deepEqual(runs.map(({ left }) => left), [true, false, false]);
});

test("what has ended takes nobody's place", () => {
  const unseen = new Unseen();
  const [going, ...ended] = [run("a"), run("b", true), run("c", true)];
  [going, ...ended].forEach((running) => unseen.keep(running));
  assert.equal(going.left, false);
});

test("what is looked at again is let go, and nothing else", () => {
  const unseen = new Unseen();
  const runs = [run("a"), run("b")];
  runs.forEach((running) => unseen.keep(running));
  unseen.release("b");
  unseen.release("nobody");
  assert.deepEqual(runs.map(({ left }) => left), [false, true]);
});
