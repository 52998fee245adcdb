// Which chunk to fetch next and which to let go, so that playing goes on and memory does
// not grow: about two minutes ahead of what is heard are held, and half a minute behind.

export const AHEAD_S = 120;
export const BEHIND_S = 30;

export class Playlist {
  chunks = []; // {index, url, start, end}, in the order of time
  complete = false; // no more chunks will come
  #held = new Set();

  add(chunk) {
    if (!this.chunks.some(({ index }) => index === chunk.index)) this.chunks.push(chunk);
  }

  hold(chunk) {
    this.#held.add(chunk.index);
  }

  at(seconds) {
    return this.chunks.find(({ start, end }) => start <= seconds && seconds < end) ?? null;
  }

  after(chunk) {
    return this.chunks[this.chunks.indexOf(chunk) + 1] ?? null;
  }

  // The first chunk from here on that is not held, unless it is far ahead.
  next(seconds) {
    const wanted = ({ index, start, end }) =>
      end > seconds && start < seconds + AHEAD_S && !this.#held.has(index);
    return this.chunks.find(wanted) ?? null;
  }

  // A stretch {from, to} of what is held that is no longer needed, or null. Whole chunks
  // only, so that what is held is always known by its chunks; and all up to those that stay,
  // for sound and picture of a chunk may reach a little beyond its end.
  spare(seconds, behind = BEHIND_S) {
    const held = this.chunks.filter(({ index }) => this.#held.has(index));
    const passed = held.filter(({ end }) => end < seconds - behind);
    const far = held.filter(({ start }) => start > seconds + 2 * AHEAD_S);
    const going = passed.length ? passed : far;
    if (!going.length) return null;
    for (const { index } of going) this.#held.delete(index);
    const stays = held.find(({ index }) => this.#held.has(index));
    return passed.length ? { from: 0, to: stays?.start ?? Infinity } : { from: far[0].start, to: Infinity };
  }

  // All that will ever come is here and held up to its end.
  get ended() {
    const last = this.chunks.at(-1);
    return this.complete && last !== undefined && this.#held.has(last.index);
  }
}
