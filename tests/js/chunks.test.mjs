// Chunks fetched from a real server that is asked more than once.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";

import { fetchChunk } from "../../static/js/ui/chunks.js";

const QUICK = { pausesMs: [1, 1], silenceMs: 1500 };

async function playing(t, ...script) {
  let asked = 0;
  const server = createServer((_, response) => script[Math.min(asked++, script.length - 1)](response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close() && server.closeAllConnections());
  const fetched = () => fetchChunk(`http://127.0.0.1:${server.address().port}/`, new AbortController().signal, QUICK);
  return { fetched, asked: () => asked };
}
const answers = (status, text = "") => (response) => response.writeHead(status).end(text);
const saysNothing = () => {};
const stopsHalfway = (response) => response.writeHead(200).write("ab");

test("a chunk is asked for again after no answer, half an answer and an error", async (t) => {
  const { fetched, asked } = await playing(t, saysNothing, stopsHalfway, answers(200, "abc"));
  assert.equal(new TextDecoder().decode(await fetched()), "abc");
  assert.equal(asked(), 3);
});

test("what is gone is gone, and asked for once", async (t) => {
  for (const status of [404, 410]) {
    const { fetched, asked } = await playing(t, answers(status));
    await assert.rejects(fetched(), { gone: true });
    assert.equal(asked(), 1);
  }
});

test("what cannot be reached may come later", async (t) => {
  const { fetched, asked } = await playing(t, answers(503));
  await assert.rejects(fetched(), { gone: false });
  assert.equal(asked(), 3);
});
