import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_TURNS, turnsBefore } from "../../static/js/conversation.js";

const run = (id, before, text = `said in ${id}`) => ({
  run_id: id,
  query: `asked in ${id}`,
  follow_up_of: before,
  models: { a: { label: "A", text }, b: { label: "B", text: "" } },
});

test("the turns before a run come oldest first, with what was said and by whom", async () => {
  const known = { r1: run("r1", null), r2: run("r2", "r1") };
  const turns = await turnsBefore(run("r3", "r2"), (id) => known[id]);
  assert.deepEqual(turns.map(({ query }) => query), ["asked in r1", "asked in r2"]);
  assert.deepEqual(turns[0].answers, [{ slot: "a", label: "A", text: "said in r1" }]);
});

test("a run that follows nothing up has none before it", async () => {
  assert.deepEqual(await turnsBefore(run("r1", null), assert.fail), []);
});

test("a forgotten run ends the look back, and another failure does not pass for one", async () => {
  const fails = (status) => () => Promise.reject(Object.assign(new Error("no"), { status }));
  assert.deepEqual(await turnsBefore(run("r2", "r1"), fails(404)), []);
  await assert.rejects(turnsBefore(run("r2", "r1"), fails(503)));
});

test("it looks back so far and no further", async () => {
  let loaded = 0;
  await turnsBefore(run("r", "r"), (id) => (loaded += 1) && run(id, id));
  assert.equal(loaded, MAX_TURNS);
});
