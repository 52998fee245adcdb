import assert from "node:assert/strict";
import { test } from "node:test";

import { modelOf, readSlots } from "../../static/js/slots.js";

test("commas separate slots, and options belong to the slot before them", () => {
  assert.deepEqual(readSlots("a, b,demo@rate=50,tokens=20,c,openai/gpt"), [
    "a",
    "b",
    "demo@rate=50,tokens=20",
    "c",
    "openai/gpt",
  ]);
});

test("each slot is there once and empty ones are not", () => {
  assert.deepEqual(readSlots("a,,a, ,b"), ["a", "b"]);
});

test("a slot with options is the slot of its model", () => {
  assert.equal(modelOf("demo@rate=5"), "demo");
});
