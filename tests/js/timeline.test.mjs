import assert from "node:assert/strict";
import { test } from "node:test";

import { agreements, MAX_MARKS, nearest, Row } from "../../static/js/timeline.js";

const row = (...times) => ({ marks: times.map((from) => ({ from, to: null })) });

test("marks are in the order of time, each once, and never more than can be seen", () => {
  const marks = [{ from: 5, to: null }, { from: 1, to: 3 }, { from: 5, to: null }, { from: 5, to: 6 }];
  const grown = new Row("A");
  grown.take(marks);
  assert.deepEqual(grown.marks, [{ from: 1, to: 3 }, { from: 5, to: null }, { from: 5, to: 6 }]);
  const long = new Row("B");
  long.take(row(...Array(5000).keys()).marks);
  assert.equal(long.marks.length, MAX_MARKS);
});

test("a row that grows tells what is new in it, and looks at nothing twice", () => {
  const grown = new Row("A");
  const marks = [{ from: 5, to: null }];
  assert.deepEqual(grown.take(marks), [{ from: 5, to: null }]);
  assert.deepEqual(grown.take(marks), []);
  marks[0] = null; // never to be read again
  marks.push({ from: 5, to: null }, { from: 2, to: null });
  assert.deepEqual(grown.take(marks), [{ from: 2, to: null }]);
  assert.deepEqual(grown.marks.map(({ from }) => from), [2, 5]);
});

test("where two rows begin a statement at about the same moment they agree", () => {
  assert.deepEqual(agreements([row(10, 40), row(10.5), row(60)], 60), [{ from: 10, to: 10.5, count: 2 }]);
});

test("one row that repeats itself agrees with nobody", () => {
  assert.deepEqual(agreements([row(10, 10.2, 10.4), row(30)], 60), []);
});

test("a long chain of moments is not one agreement", () => {
  const found = agreements([row(0, 0.9, 1.8, 2.7), row(0.45, 1.35, 2.25)], 60);
  assert.ok(found.every(({ from, to }) => to - from <= 1));
  assert.ok(found.length > 1);
});

test("a click means the mark next to it, or its own place", () => {
  const rows = [{ marks: [{ from: 10, to: 14 }] }, row(20)];
  assert.deepEqual(nearest(rows, 10.4, 1), { from: 10, to: 14 });
  assert.deepEqual(nearest(rows, 15, 1), { from: 15, to: null });
});
