import assert from "node:assert/strict";
import { test } from "node:test";

import { TimeFinder, readTime, toSeconds, writeTime } from "../../static/js/times.js";

function find(text, { pieces = [text], duration } = {}) {
  const finder = new TimeFinder(duration);
  const parts = pieces.flatMap((piece) => finder.push(piece));
  parts.push(...finder.end());
  return parts;
}
const times = (text, options) =>
  find(text, options)
    .filter((part) => part.from !== undefined)
    .map(({ text, from, to }) => (to === null ? [text, from] : [text, from, to]));

test("times and stretches are found as they are written", () => {
  assert.deepEqual(times("At 0:42, then 1:02-1:10 and 00:01:02."), [
    ["0:42", 42],
    ["1:02-1:10", 62, 70],
    ["00:01:02", 62],
  ]);
  assert.deepEqual(times("(0:05.5) 1:00:00–1:00:09 125:30 2:00 — 2:10"), [
    ["0:05.5", 5.5],
    ["1:00:00–1:00:09", 3600, 3609],
    ["125:30", 7530],
    ["2:00 — 2:10", 120, 130],
  ]);
});

test("what only looks like a time is left alone", () => {
  for (const text of ["16:9", "00:99:99", "1:2:3:04", "a1:02", "1:023", "::1", "1:60", "v1.0:42x"]) {
    assert.deepEqual(times(text), [], text);
  }
});

test("a colon or a full stop may follow a time", () => {
  assert.deepEqual(times("0:00-0:05: bright. At 0:07: dark. 0:09."), [
    ["0:00-0:05", 0, 5],
    ["0:07", 7],
    ["0:09", 9],
  ]);
});

test("a list of times is not taken for stretches", () => {
  assert.deepEqual(times("0:10\n- 0:20\n- 0:30").map(([text]) => text), ["0:10", "0:20", "0:30"]);
});

test("a time after the end of the video is marked, and is not a moment of it", () => {
  assert.deepEqual(times("0:42 and 21:30", { duration: 60 }), [["0:42", 42]]);
  assert.deepEqual(find("0:42, 21:30.", { duration: 60 }).filter((part) => part.beyond), [
    { text: "21:30", beyond: true },
  ]);
});

test("a stretch ends with the video, and one that ends before it begins is a moment", () => {
  assert.deepEqual(times("0:42-21:30 0:30-0:10", { duration: 60 }), [
    ["0:42-21:30", 42, 60],
    ["0:30-0:10", 30],
  ]);
});

test("wherever a text is cut into pieces, the same times are found and no letter is lost", () => {
  const text = "0:42 then 1:02-1:10, x1:02 and 00:01:02.5. Ratio 16:9, 1:02 - 1:10pm; 99:59-";
  const joined = (parts) => parts.map((part) => part.text).join("");
  const whole = times(text);
  assert.equal(whole.length, 5);
  for (let first = 0; first <= text.length; first += 1) {
    for (let second = first; second <= text.length; second += 1) {
      const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)];
      assert.deepEqual(times(text, { pieces }), whole, JSON.stringify(pieces));
      assert.equal(joined(find(text, { pieces })), text);
    }
  }
  assert.deepEqual(times(text, { pieces: [...text] }), whole);
});

test("a text of digits and dashes only does not pile up", () => {
  const finder = new TimeFinder();
  finder.push("-".repeat(10000));
  assert.ok(finder.tail.length <= 40);
});

test("a person's time is read, and what is none is not a number", () => {
  assert.deepEqual(["", " 75 ", "1:15", "0:00:07.5"].map(readTime), [null, 75, 75, 7.5]);
  for (const text of ["x", "1:", "-3", "1e3", "NaN"]) assert.ok(Number.isNaN(readTime(text)), text);
});

test("times are written the way they are read", () => {
  for (const seconds of [0, 7, 62, 3599, 3600, 7325]) {
    assert.equal(toSeconds(writeTime(seconds)), seconds);
  }
  assert.deepEqual([writeTime(62.9), writeTime(3725)], ["1:02", "1:02:05"]);
  assert.deepEqual([4.1, 12.95, 60, 0.04].map((t) => writeTime(t, 1)), ["0:04.1", "0:12.9", "1:00", "0:00"]);
});
