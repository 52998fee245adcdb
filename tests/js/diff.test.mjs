import assert from "node:assert/strict";
import { test } from "node:test";

import { difference } from "../../static/js/diff.js";

const words = (text) => text.match(/\S+/g) ?? [];
const of = (parts, kind) => parts.filter((part) => part.kind === kind).flatMap(({ text }) => words(text));
const without = (parts, kind) => parts.filter((part) => part.kind !== kind).flatMap(({ text }) => words(text));

function mixed(seed) {
  let state = seed;
  const next = (below) => (state = (state * 1103515245 + 12345) % 2147483648) % below;
  return Array.from({ length: next(60) }, () => "abcdefghij"[next(10)].repeat(1 + next(3))).join(" ");
}

test("what is only in one of them is told apart from what both have", () => {
  assert.deepEqual(difference("the cat sat on the mat", "the dog sat on the mat today"), [
    { kind: "same", text: "the" },
    { kind: "first", text: " cat" },
    { kind: "second", text: " dog" },
    { kind: "same", text: " sat on the mat" },
    { kind: "second", text: " today" },
  ]);
});

test("equal texts are the same throughout, and spaces are no difference", () => {
  assert.deepEqual(difference("a b", "a b"), [{ kind: "same", text: "a b" }]);
  assert.deepEqual(of(difference("a  b\n", "a b"), "same"), ["a", "b"]);
});

test("no two words stand without a space, though one of them began its text", () => {
  assert.deepEqual(difference("so it began", "it began"), [
    { kind: "first", text: "so" },
    { kind: "same", text: " it began" },
  ]);
  assert.deepEqual(difference("one", "two"), [
    { kind: "first", text: "one" },
    { kind: "second", text: " two" },
  ]);
  for (let seed = 1; seed < 200; seed += 1) {
    const whole = difference(mixed(seed), mixed(seed * 31)).map(({ text }) => text).join("");
    assert.ok(words(whole).every((word) => /^(\w)\1*$/.test(word)), whole);
  }
});

test("an empty text shares nothing", () => {
  assert.deepEqual(difference("", "a b"), [{ kind: "second", text: "a b" }]);
  assert.deepEqual(difference("a", ""), [{ kind: "first", text: "a" }]);
  assert.deepEqual(difference("", ""), []);
});

test("a paragraph that moved leaves the rest the same", () => {
  const parts = difference("one two three four five", "four five one two three");
  assert.deepEqual(of(parts, "same"), ["one", "two", "three"]);
});

test("whatever the texts, each can be read whole out of the difference", () => {
  for (let seed = 1; seed < 400; seed += 1) {
    const [a, b] = [mixed(seed), mixed(seed * 7919)];
    const parts = difference(a, b);
    assert.deepEqual(without(parts, "second"), words(a));
    assert.deepEqual(without(parts, "first"), words(b));
  }
});

test("long texts of few words do not take a table of their size", () => {
  const long = (first) => Array.from({ length: 100_000 }, (_, at) => "abc"[(at * first) % 3]).join(" ");
  const parts = difference(`x ${long(1)}`, `y ${long(2)}`);
  assert.equal(without(parts, "second").length, 100_001);
});
