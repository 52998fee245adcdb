import assert from "node:assert/strict";
import { test } from "node:test";

import { EventReader } from "../../static/js/sse.js";

const bytes = (text) => new TextEncoder().encode(text);
const data = (events) => events.map((event) => event.data);

function read(text, cuts = []) {
  const reader = new EventReader();
  const all = bytes(text);
  const events = [];
  let from = 0;
  for (const cut of [...cuts, all.length]) {
    events.push(...reader.push(all.subarray(from, cut)));
    from = cut;
  }
  return { events, reader };
}

test("a message is told when its empty line has come, and not before", () => {
  const reader = new EventReader();
  assert.deepEqual(reader.push(bytes("id: 7\ndata: {}\n")), []);
  assert.deepEqual(reader.push(bytes("\n")), [{ id: "7", type: "message", data: "{}" }]);
});

test("wherever a stream is cut, also inside a letter or a CRLF, the events are the same", () => {
  const text = "\uFEFF:hb\r\nid: 1\r\ndata: añ🎬\r\ndata: b\r\n\r\nid: 2\ndata:c\n\ndata: d\r\rretry: 5\r";
  const whole = read(text).events;
  assert.deepEqual(data(whole), ["añ🎬\nb", "c", "d"]);
  assert.deepEqual(whole.map((event) => event.id), ["1", "2", "2"]);
  const length = bytes(text).length;
  for (let cut = 0; cut <= length; cut += 1) assert.deepEqual(read(text, [cut]).events, whole);
  const everywhere = Array.from({ length }, (_, index) => index);
  assert.deepEqual(read(text, everywhere).events, whole);
});

test("CR, LF and CRLF each end a line, and CRLF ends one line only", () => {
  assert.deepEqual(data(read("data: a\r\n\r\ndata: b\r\rdata: c\n\n").events), ["a", "b", "c"]);
  assert.deepEqual(data(read("data: a\r\ndata: b\n\n").events), ["a\nb"]);
});

test("comments and unknown fields say nothing", () => {
  assert.deepEqual(read(":hb\n:hb\nfoo: bar\n\n").events, []);
});

test("one space after the colon is dropped, more are kept, and a field may have no value", () => {
  assert.deepEqual(data(read("data:a\n\ndata:  b\n\ndata\ndata\n\n").events), ["a", " b", "\n"]);
});

test("only the first BOM is dropped", () => {
  assert.deepEqual(data(read("\uFEFFdata: a\n\ndata: \uFEFFb\n\n").events), ["a", "\uFEFFb"]);
  assert.deepEqual(read("data: a\n\n\uFEFFdata: b\n\n").events.length, 1);
});

test("a message cut off by the end of the stream was never said", () => {
  assert.deepEqual(data(read("data: a\n\nid: 2\ndata: half").events), ["a"]);
});

// From the WHATWG's description of the format and its own tests of EventSource.
const VECTORS = [
  ["data: YHOO\ndata: +2\ndata: 10\n\n", ["YHOO\n+2\n10"]],
  [": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n", ["first event", "second event", " third event"]],
  ["data\n\ndata\ndata\n\ndata:", ["", "\n"]],
  ["data:test\n\ndata: test\n\n", ["test", "test"]],
  ["data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n", ["\0\n 2\n1\n3\n\n4"]],
  ["data:1\r:\0\n:\r\ndata:2\n:long comment\rdata:3\n:data:fail\r:x\ndata:4\n\n", ["1\n2\n3\n4"]],
  [" data: not a field\n\ndata: yes\n\n", ["yes"]],
  ["justsometext\n:\n\n\n\ndata: a\n\n\n\n", ["a"]],
  ["event:\ndata: plain\n\n", ["plain"]],
  ["\uFEFF\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n", ["3"]],
];

test("the standard's own examples are read as it says, however they are cut", () => {
  for (const [text, expected] of VECTORS) {
    const length = bytes(text).length;
    for (let cut = 0; cut <= length; cut += 1) {
      assert.deepEqual(data(read(text, [cut]).events), expected, JSON.stringify(text));
    }
  }
});

test("an id stays until another one comes, and an empty one takes it away", () => {
  const { events } = read("id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n");
  assert.deepEqual(events.map(({ id }) => id), ["1", "1", ""]);
});

test("a retry is digits only, of ASCII", () => {
  for (const [text, expected] of [["3000", 3000], [" 3000", 3000], ["03", 3], ["3000x", null], ["-1", null], ["1.5", null], ["", null], ["٣", null]]) {
    assert.equal(read(`retry:${text}\n`).reader.retryMs, expected, text);
  }
});

test("bytes that are no UTF-8 become a sign of that, and the stream goes on", () => {
  const reader = new EventReader();
  const raw = Uint8Array.of(...bytes("data: a"), 0xff, 0xc3, ...bytes("\n\ndata: b\n\n"));
  assert.deepEqual(data(reader.push(raw)), ["a\uFFFD\uFFFD", "b"]);
});

test("ids with NUL and retries that are no number are ignored", () => {
  const { events, reader } = read("id: 1\nid: 2\0\nretry: 20\nretry: x\ndata: a\n\n");
  assert.equal(events[0].id, "1");
  assert.equal(reader.retryMs, 20);
});

test("an event's type lasts for one message", () => {
  const { events } = read("event: x\ndata: a\n\ndata: b\n\nevent: y\n\ndata: c\n\n");
  assert.deepEqual(events.map((event) => event.type), ["x", "message", "message"]);
});
