import assert from "node:assert/strict";
import { test } from "node:test";

import { readRoute, writeRoute } from "../../static/js/route.js";

test("an address without anything is the first room, empty", () => {
  assert.deepEqual(readRoute({}), { room: "watch", run: null, query: "", models: null, video: null });
});

test("a link that fills the form names its room, models, question and video", () => {
  const search = "?room=compare&models=a,b@rate=5,tokens=2&q=Why%3F&video=x";
  assert.deepEqual(readRoute({ search }), {
    room: "compare",
    run: null,
    query: "Why?",
    models: ["a", "b@rate=5,tokens=2"],
    video: "x",
  });
});

test("what is written is read again, and the run decides before what the link filled in", () => {
  for (const [room, run] of [["watch", null], ["watch", "a_b-c"], ["compare", "x&room=watch"], ["commentary", null]]) {
    const { room: read, run: id } = readRoute({ search: "?room=compare", hash: writeRoute(room, run) });
    assert.deepEqual([read, id], [room, run]);
  }
});

test("a room that does not exist, not even as a word of the language, is the first one", () => {
  for (const name of ["attic", "constructor", "__proto__", ""]) {
    assert.equal(readRoute({ hash: `#room=${name}` }).room, "watch");
  }
});
