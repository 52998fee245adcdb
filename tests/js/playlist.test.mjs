import assert from "node:assert/strict";
import { test } from "node:test";

import { AHEAD_S, BEHIND_S, Playlist } from "../../static/js/playlist.js";

function listOf(count, seconds = 30) {
  const list = new Playlist();
  for (let index = 0; index < count; index += 1) {
    list.add({ index, url: `c${index}`, start: index * seconds, end: (index + 1) * seconds });
  }
  return list;
}

// What a player holds after fetching all it is told to at that time.
function fill(list, seconds) {
  const taken = [];
  for (let chunk; (chunk = list.next(seconds)); ) {
    list.hold(chunk);
    taken.push(chunk.index);
  }
  return taken;
}

test("chunks are taken in order, and no further ahead than is needed", () => {
  const list = listOf(100);
  assert.deepEqual(fill(list, 0), [0, 1, 2, 3]);
  assert.deepEqual(fill(list, 31), [4, 5]);
  assert.equal(list.next(31), null);
});

test("after a jump the chunk there comes first", () => {
  const list = listOf(100);
  fill(list, 0);
  assert.equal(list.next(1500).index, 50);
});

test("a chunk that comes late is the next one as soon as it is there", () => {
  const list = listOf(1);
  fill(list, 0);
  assert.equal(list.next(29.9), null);
  list.add({ index: 1, url: "c1", start: 30, end: 60 });
  assert.equal(list.next(30).index, 1);
});

test("what is passed goes, by whole chunks, and is taken again after a jump back", () => {
  const list = listOf(100);
  fill(list, 0);
  assert.equal(list.spare(30 + BEHIND_S), null);
  assert.deepEqual(list.spare(61 + BEHIND_S), { from: 0, to: 60 });
  assert.equal(list.spare(61 + BEHIND_S), null);
  assert.equal(list.next(10).index, 0);
});

test("after a jump nothing of what was before is left, not even what reached beyond its end", () => {
  const list = listOf(100);
  fill(list, 0);
  fill(list, 1500);
  assert.deepEqual(list.spare(1500), { from: 0, to: 1500 });
  const alone = listOf(100);
  fill(alone, 0);
  assert.deepEqual(alone.spare(1500), { from: 0, to: Infinity });
});

test("what is far ahead goes too", () => {
  const list = listOf(100);
  fill(list, 2000);
  assert.ok(list.spare(10).from > 10 + AHEAD_S);
});

test("however long the film, so much is held and no more", () => {
  const list = listOf(1000);
  let [held, before] = [0, 0];
  for (let seconds = 0; seconds < 30000; seconds += 1) {
    held += fill(list, seconds).length;
    const gone = list.spare(seconds);
    if (gone) held -= (gone.to - before) / 30;
    if (gone) before = gone.to;
    assert.ok(held * 30 <= AHEAD_S + BEHIND_S + 60 + 30);
  }
});

test("it has ended when the last chunk is held and no more will come", () => {
  const list = listOf(2);
  fill(list, 0);
  assert.equal(list.ended, false);
  list.complete = true;
  assert.equal(list.ended, true);
  assert.equal(new Playlist().ended, false);
});

test("the chunk of a moment, and the one after it", () => {
  const list = listOf(2);
  assert.deepEqual([list.at(29.99).index, list.at(30).index, list.at(60)], [0, 1, null]);
  assert.equal(list.after(list.at(0)).index, 1);
  assert.equal(list.after(list.at(30)), null);
});
