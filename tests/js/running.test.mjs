// Running, follow and api together, against a real server with a script for each request.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { Api } from "../../static/js/api.js";
import { follow } from "../../static/js/follow.js";
import { COMMENTARY } from "../../static/js/kinds.js";
import { Running } from "../../static/js/running.js";
import { textOf } from "../../static/js/session.js";

const EVENTS = [
  { event_type: "start", run_id: "r1", models: ["a"] },
  { event_type: "model_start", model: "a", label: "A" },
  { event_type: "text_generation", model: "a", text: "one " },
  { event_type: "text_generation", model: "a", text: "two" },
  { event_type: "model_end", model: "a", finish_reason: "stop" },
  { event_type: "complete", models_analyzed: 1, succeeded: 1, total_time: 1 },
];
const frame = (number) => `id: ${number}\ndata: ${JSON.stringify(EVENTS[number - 1])}\n\n`;
const frames = (from, to) => {
  let text = "";
  for (let number = from; number <= to; number += 1) text += frame(number);
  return text;
};
const DONE = "data: [DONE]\n\n";

const sends = (text) => (_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.end(text);
};
const breaksAfter = (text) => (_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write(text, () => response.destroy());
};
const hangsUp = (request) => request.socket.destroy();
const refuses = (status, code) => (_, response) => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ status: "error", code, message: `Said ${code}.` }));
};

// A server that plays one script entry per request; returns what was asked of it.
async function playing(t, ...script) {
  const asked = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    asked.push({ method, url, lastId: headers["last-event-id"], key: headers["idempotency-key"] });
    (script.shift() ?? hangsUp)(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close() && server.closeAllConnections());
  return { api: new Api(`http://127.0.0.1:${server.address().port}/`), asked };
}

function runOn(api, how) {
  let changes = 0;
  const running = new Running(api, () => (changes += 1), how);
  return { running, changes: () => changes };
}
const QUESTION = { query: "?", models: ["a"], video_path: "v.mp4" };

test("a run is followed to its end over one connection", async (t) => {
  const { api, asked } = await playing(t, sends(frames(1, 6) + DONE));
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "complete");
  assert.equal(textOf(running.session.models.get("a")), "one two");
  assert.deepEqual(asked.map(({ method, url }) => [method, url]), [
    ["POST", "/api/analyze/stream/parallel"],
  ]);
});

test("after a broken connection the rest is fetched, and nothing is told twice", async (t) => {
  const { api, asked } = await playing(
    t,
    breaksAfter(frames(1, 3)),
    breaksAfter(frames(2, 4)), // more than was asked for
    sends(frames(5, 6) + DONE),
  );
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "complete");
  assert.equal(textOf(running.session.models.get("a")), "one two");
  assert.deepEqual(asked.slice(1).map(({ url, lastId }) => [url, lastId]), [
    ["/api/runs/r1/stream", "3"],
    ["/api/runs/r1/stream", "4"],
  ]);
});

test("a stream that ends early but cleanly is broken too", async (t) => {
  const { api } = await playing(t, sends(frames(1, 4)), sends(frames(5, 6) + DONE));
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "complete");
});

test("a question without an answer is sent again under the same key", async (t) => {
  const { api, asked } = await playing(t, hangsUp, sends(frames(1, 6) + DONE));
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "complete");
  const [first, second] = asked;
  assert.equal(second.method, "POST");
  assert.ok(first.key);
  assert.equal(first.key, second.key);
});

test("two questions have two keys", async (t) => {
  const { api, asked } = await playing(t, refuses(400, "bad"), refuses(400, "bad"));
  for (let count = 0; count < 2; count += 1) {
    await assert.rejects(runOn(api).running.ask(QUESTION));
  }
  assert.notEqual(asked[0].key, asked[1].key);
});

test("a refused question is not sent again, and says why", async (t) => {
  const { api, asked } = await playing(t, refuses(503, "busy"));
  const { running } = runOn(api);
  await assert.rejects(running.ask(QUESTION), { status: 503, message: "Said busy." });
  assert.equal(asked.length, 1);
});

test("a run that was forgotten meanwhile is interrupted, and what came is kept", async (t) => {
  const { api } = await playing(t, breaksAfter(frames(1, 3)), refuses(404, "run_not_found"));
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "interrupted");
  assert.equal(running.session.models.get("a").state, "interrupted");
  assert.equal(textOf(running.session.models.get("a")), "one ");
  assert.equal(running.session.problem, "Said run_not_found.");
});

test("a server that is full while we come back is asked again", async (t) => {
  const { api } = await playing(
    t,
    breaksAfter(frames(1, 3)),
    refuses(503, "busy"),
    sends(frames(4, 6) + DONE),
  );
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "complete");
});

test("a connection that stays broken is given up after a few tries", async (t) => {
  const { api, asked } = await playing(t);
  const open = () => api.stream("r1", 0);
  let lost = 0;
  const how = { pausesMs: [1, 1, 1] };
  const hear = () => assert.fail("nothing was said");
  assert.equal(await follow({ first: open, again: open, hear, lost: () => (lost += 1) }, how), "interrupted");
  assert.equal(asked.length, 4);
  assert.equal(lost, 3);
});

test("a message that is no JSON is not fetched for ever", async (t) => {
  const bad = sends("id: 1\ndata: {half\n\n");
  const { api, asked } = await playing(t, bad, bad, bad, bad);
  const open = () => api.stream("r1", 0);
  const how = { pausesMs: [1, 1] };
  assert.equal(await follow({ first: open, again: open, hear: () => {} }, how), "interrupted");
  assert.equal(asked.length, 3);
});

test("a connection silent for longer than any heartbeat is left", async (t) => {
  const silent = (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(frame(1));
  };
  const { api, asked } = await playing(t, silent, sends(frames(2, 6) + DONE));
  const heard = [];
  const open = (lastId) => api.stream("r1", lastId);
  const work = { first: open, again: open, hear: (event) => heard.push(event.event_type) };
  assert.equal(await follow(work, { pausesMs: [1], silenceMs: 1500 }), "ended");
  assert.equal(heard.length, 6);
  assert.equal(asked[1].lastId, "1");
});

test("a request that is never answered is hung up on and sent again", async (t) => {
  const hungUp = [];
  const deaf = (request) => request.socket.on("close", () => hungUp.push(request.headers["idempotency-key"]));
  const { api, asked } = await playing(t, deaf, sends(frames(1, 6) + DONE));
  const { running } = runOn(api, { timing: { answerMs: 1500, pausesMs: [1] } });
  await running.ask(QUESTION);
  assert.equal(running.session.state, "complete");
  assert.deepEqual(hungUp, [asked[1].key]);
});

test("a server that never answers at all leaves nobody working", async (t) => {
  const deaf = () => {};
  const { api, asked } = await playing(t, breaksAfter(frames(1, 3)), deaf, deaf, deaf);
  const { running } = runOn(api, { timing: { answerMs: 1500, pausesMs: [1, 1] } });
  await running.ask(QUESTION);
  assert.equal(running.session.models.get("a").state, "interrupted");
  assert.equal(asked.length, 3);
});

test("one that was left before it was answered ends at once", async (t) => {
  const { api } = await playing(t, () => running.leave());
  const { running } = runOn(api);
  await running.ask(QUESTION);
  assert.equal(running.session.state, "interrupted");
});

const TOLD = [
  { type: "status", run_id: "c1", message: "Looking.", progress: 0, stage: "prepare" },
  { type: "status", message: "Going on.", progress: 1, stage: "detect" },
  { type: "complete", chunks: 0, warnings: [], progress: 100 },
];
const told = (number) => `id: ${number}\ndata: ${JSON.stringify(TOLD[number - 1])}\n\n`;
const STOPPING = 'data: {"type":"error","code":"cancelled","retryable":true,"message":"Restarting."}\n\n';
const FILM = { file: "f.mp4", options: { style: "sports" } };
const nothingMore = (_, response) => response.writeHead(204, { "X-Run-Id": "c1" }).end();
const asAgain = (id, text) => (_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream", "X-Run-Id": id });
  response.end(text);
};
const commentaryOn = (api) => runOn(api, { kind: COMMENTARY, timing: { pausesMs: [1, 1] } }).running;
const WORK = "/api/analyze-stream/f.mp4?style=sports";
const STREAM = "/api/runs/c1/stream";

test("a commentary whose server stopped is asked for again, from the next message on", async (t) => {
  const script = [sends(told(1) + STOPPING), nothingMore, asAgain("c1", told(2) + told(3))];
  const { api, asked } = await playing(t, ...script);
  const running = commentaryOn(api);
  await running.ask(FILM);
  assert.deepEqual([running.session.state, running.session.problem], ["complete", null]);
  assert.deepEqual(asked.map(({ url, lastId }) => [url, lastId]), [[WORK, undefined], [STREAM, "1"], [WORK, "1"]]);
});

test("one that is only looked at is not gone on with until somebody says so", async (t) => {
  const script = [sends(told(1)), nothingMore, nothingMore, asAgain("c1", told(2) + told(3))];
  const { api, asked } = await playing(t, ...script);
  const running = commentaryOn(api);
  await running.comeBack("c1");
  assert.equal(running.session.state, "interrupted");
  assert.deepEqual(asked.map(({ url }) => url), [STREAM, STREAM]);
  await running.goOn(FILM);
  assert.equal(running.session.state, "complete");
  assert.deepEqual(asked.slice(2).map(({ url, lastId }) => [url, lastId]), [[STREAM, "1"], [WORK, "1"]]);
});

test("another commentary in the place of an interrupted one is not taken for it", async (t) => {
  const { api } = await playing(t, sends(told(1)), nothingMore, asAgain("c2", told(2)));
  const running = commentaryOn(api);
  await running.comeBack("c1", FILM);
  assert.equal(running.session.state, "interrupted");
  assert.match(running.session.problem, /taken the place/);
});

test("a run that has ended and was read answers 204, and that is an end", async (t) => {
  const { api } = await playing(t, (_, response) => response.writeHead(204).end());
  const open = () => api.stream("r1", 6);
  assert.equal(await follow({ first: open, again: open, hear: () => {} }), "ended");
});

test("a proxy's own error page is an error with words of ours", async (t) => {
  const page = (_, response) => response.writeHead(502).end("<html>Bad Gateway</html>");
  const { api } = await playing(t, page);
  await assert.rejects(api.videos(), (error) => error.status === 502 && /502/.test(error.message));
});

test("what is never answered, or breaks off, is an error with words of ours", async (t) => {
  const halfway = (_, response) => response.write('{"runs": [') && setTimeout(() => response.destroy(), 20);
  const { api } = await playing(t, () => {}, halfway);
  api.answerMs = 1500;
  await assert.rejects(api.runs(), { name: "Error", status: 0, message: /cannot be reached/ });
  await assert.rejects(api.runs(), { status: 0, message: /cannot be reached/ });
});

test("401 is told to whoever can ask for the token", async (t) => {
  const { api } = await playing(t, refuses(401, "auth"));
  let told = 0;
  api.addEventListener("unauthorized", () => (told += 1));
  await assert.rejects(api.videos(), { status: 401 });
  assert.equal(told, 1);
});
