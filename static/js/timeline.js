// Where models place their statements along a video, and where several place one together.
//
// A row is {label, marks}, a mark {from, to} in seconds; `to` is null for a moment.

export const MAX_MARKS = 300; // in a row: more could not be told apart, and cost as much

// A row that grows: its marks in the order of time, each place once.
export class Row {
  marks = [];
  #known = 0; // of those it was given
  #places = new Set();

  constructor(label) {
    this.label = label;
  }

  // `marks` as before, with more behind them. Gives those that are new here.
  take(marks) {
    const fresh = [];
    for (const mark of marks.slice(this.#known)) {
      const place = `${mark.from}-${mark.to}`;
      if (this.#places.has(place) || this.marks.length + fresh.length >= MAX_MARKS) continue;
      this.#places.add(place);
      fresh.push(mark);
    }
    this.#known = marks.length;
    if (fresh.length) this.marks = [...this.marks, ...fresh].sort((a, b) => a.from - b.from);
    return fresh;
  }
}

// How near two statements must begin to be about the same moment.
export const nearness = (duration) => Math.min(3, Math.max(0.5, duration / 60));

// Moments at which at least two rows begin a statement: [{from, to, count}].
export function agreements(rows, duration) {
  const near = nearness(duration);
  const begins = rows
    .flatMap(({ marks }, row) => marks.map(({ from }) => ({ at: from, row })))
    .sort((a, b) => a.at - b.at);
  const found = [];
  for (let first = 0; first < begins.length; ) {
    let last = first;
    while (last + 1 < begins.length && begins[last + 1].at - begins[first].at <= near) last += 1;
    const count = new Set(begins.slice(first, last + 1).map(({ row }) => row)).size;
    if (count > 1) found.push({ from: begins[first].at, to: begins[last].at, count });
    first = last + 1;
  }
  return found;
}

// The mark a click meant: the nearest beginning within reach, else the place itself.
export function nearest(rows, seconds, reach) {
  let best = { from: seconds, to: null };
  let distance = reach;
  for (const mark of rows.flatMap(({ marks }) => marks)) {
    const away = Math.abs(mark.from - seconds);
    if (away <= distance) [best, distance] = [mark, away];
  }
  return best;
}
