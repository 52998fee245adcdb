// A store against a server that answers with one run.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ANALYSIS } from "../../static/js/kinds.js";
import { Session } from "../../static/js/session.js";
import { RunStore } from "../../static/js/store.js";

// An Api whose one stream says these events, and counts what was asked.
function api(...events) {
  const asked = [];
  const ask = async (path, question) => {
    asked.push(question);
    const told = events.map((event, at) => `id: ${at + 1}\ndata: ${JSON.stringify(event)}\n\n`);
    return new Response(`${told.join("")}data: [DONE]\n\n`);
  };
  return { ask, asked };
}
const START = { event_type: "start", run_id: "r", models: ["a"] };
const says = (text) => ({ event_type: "text_generation", model: "a", text });
const COMPLETE = { event_type: "complete", models_analyzed: 1, succeeded: 1, total_time: 1 };

test("it is busy from the press of a button to the end of the run", async () => {
  const store = new RunStore(api(START, says("one"), COMPLETE));
  assert.equal(store.get().busy, false);
  const asked = store.ask({ query: "?" });
  assert.equal(store.get().busy, true);
  await asked;
  assert.deepEqual([store.get().busy, store.get().state], [false, "complete"]);
});

test("a second press pays nothing, and is told of the first", async () => {
  const server = api(START, COMPLETE);
  const store = new RunStore(server);
  await Promise.all([store.ask({ query: "?" }), store.ask({ query: "?" })]);
  assert.equal(server.asked.length, 1);
  await store.ask({ query: "again" });
  assert.equal(server.asked.length, 2);
});

test("what is refused leaves it free to be asked again", async () => {
  const refuses = { ask: () => Promise.reject(Object.assign(new Error("No."), { status: 422 })) };
  const store = new RunStore(refuses);
  await assert.rejects(store.ask({}), { message: "No." });
  assert.equal(store.get().busy, false);
});

test("who has left is not busy any more", async () => {
  const hungUp = (signal) => new Promise((_, reject) => (signal.onabort = () => reject(new Error("hung up"))));
  const store = new RunStore({ ask: (path, question, key, signal) => hungUp(signal) });
  const asked = store.ask({});
  store.leave();
  assert.equal(store.get().busy, false);
  await asked;
});

test("a piece is read once, however often what grows is looked at", async () => {
  const events = [START, ...Array(30).fill(says("x")), COMPLETE];
  const frames = events.map((event, at) => `id: ${at + 1}\ndata: ${JSON.stringify(event)}\n\n`);
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      controller.enqueue(new TextEncoder().encode(frames.shift() ?? "data: [DONE]\n\n"));
    },
  });
  let [reads, looks] = [0, 0];
  const begin = (how) => {
    const session = new Session(how);
    session.apply(START);
    const count = (pieces, name) => ((reads += /^\d+$/.test(name)), Reflect.get(pieces, name));
    const model = session.models.get("a");
    model.pieces = new Proxy(model.pieces, { get: count });
    return session;
  };
  const store = new RunStore({ ask: async () => new Response(body) }, { everyMs: 1, kind: { ...ANALYSIS, begin } });
  store.subscribe(() => (looks += 1));
  await store.ask({});
  assert.equal(store.get().models[0].text, "x".repeat(30));
  assert.ok(looks > 5, `${looks} looks`);
  assert.equal(reads, 30);
});
