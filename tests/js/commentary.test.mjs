import assert from "node:assert/strict";
import { test } from "node:test";

import { Commentary } from "../../static/js/commentary.js";

const status = (progress, more = {}) => ({ type: "status", message: "At work.", progress, stage: "detect", ...more });
const line = (index, start, end, text = `line ${index}`) => ({ type: "commentary_ready", index, text, start, end, speaker: "a" });
const chunk = (index, start_s, end_s, progress = 0) => ({ type: "chunk_ready", index, url: `/c${index}`, start_s, end_s, progress });
const complete = { type: "complete", chunks: 2, final_video: "f.mp4", final_url: "/f", captions_url: "/c", warnings: [], progress: 100 };

function after(...events) {
  const told = new Commentary();
  events.forEach((event) => told.apply(event));
  return told;
}

test("the first event names the run, and its work begins", () => {
  const told = after(status(0, { run_id: "r" }));
  assert.deepEqual([told.runId, told.state, told.stage, told.over], ["r", "running", "detect", false]);
});

test("one who waits for a place is told which", () => {
  const told = after(status(0, { run_id: "r" }), { type: "queued", position: 2, message: "2 ahead." });
  assert.deepEqual([told.state, told.position, told.message], ["queued", 2, "2 ahead."]);
  told.apply(status(1));
  assert.equal(told.state, "running");
});

test("progress never goes down", () => {
  const told = after(status(30), status(10), chunk(0, 0, 5, 20));
  assert.equal(told.progress, 30);
  assert.equal(after(status(30), complete).progress, 100);
});

test("a line is ready with the chunk it begins in, whichever is told first", () => {
  const told = after(status(0), line(0, 1, 4), line(1, 9, 12), chunk(0, 0, 10), line(2, 5, 6));
  assert.deepEqual(told.inOrder.map(({ state }) => state), ["ready", "ready", "ready"]);
  assert.equal(after(status(0), chunk(0, 0, 5), line(0, 5, 6)).inOrder[0].state, "spoken");
});

test("a line that failed says why and stays in its place", () => {
  const told = after(status(0), { type: "line_failed", index: 1, stage: "speak", code: "x", message: "No voice." }, line(0, 1, 2), line(2, 3, 4));
  assert.deepEqual(told.inOrder.map(({ index, state }) => [index, state]), [[0, "spoken"], [1, "failed"], [2, "spoken"]]);
  assert.equal(told.inOrder[1].message, "No voice.");
});

test("chunks are there once each, and what can be played ends with the last", () => {
  const told = after(status(0), chunk(0, 0, 5), chunk(0, 0, 5), chunk(1, 5, 9.5));
  assert.deepEqual(told.chunks.map(({ index, start, end }) => [index, start, end]), [[0, 0, 5], [1, 5, 9.5]]);
  assert.equal(told.playableTo, 9.5);
});

test("stretches looked at are counted out of all there are", () => {
  const seen = (interval_index) => ({ type: "events_detected", interval_index, total_intervals: 4, count: 1, moments: [] });
  assert.deepEqual(after(status(0), seen(1), seen(0)).stretches, { seen: 2, of: 4 });
});

test("it ends once: complete, failed, stopped, or interrupted when the stream broke off", () => {
  assert.equal(after(status(0), complete, { type: "error", message: "late" }).state, "complete");
  const failed = after(status(0), { type: "error", message: "No disk.", code: "out_of_space", stage: "cut" });
  assert.deepEqual([failed.state, failed.problem], ["failed", "No disk."]);
  const stopped = after(status(0), { type: "cancelled", message: "Stopped." });
  assert.deepEqual([stopped.state, stopped.problem], ["stopped", null]);
  const broken = after(status(0));
  broken.close();
  assert.equal(broken.state, "interrupted");
  const done = after(status(0), complete);
  done.close();
  assert.equal(done.state, "complete");
});

test("events of a later server are passed over", () => {
  assert.equal(after(status(0), { type: "weather" }).state, "running");
});
