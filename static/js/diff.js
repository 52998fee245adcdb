// What two texts share, word by word: [{kind: "same" | "first" | "second", text}].
//
// Words that each text has once anchor the comparison (the longest rising run of them);
// between anchors the texts are compared word by word where that is small, and taken as
// different where it is not. So the work stays near linear however long the texts are.

const TABLE = 250_000; // cells of the table that a stretch between anchors may take

const wordsOf = (text) => text.match(/\s*\S+|\s+$/g) ?? [];
const bare = (word) => word.trim();

export function difference(first, second) {
  const a = wordsOf(first);
  const b = wordsOf(second);
  const said = [];
  between(a, b, 0, a.length, 0, b.length, said);
  return joined(said);
}

function between(a, b, fromA, toA, fromB, toB, said) {
  while (fromA < toA && fromB < toB && bare(a[fromA]) === bare(b[fromB])) {
    said.push(["same", b[fromB]]);
    fromA += 1;
    fromB += 1;
  }
  const ending = [];
  while (fromA < toA && fromB < toB && bare(a[toA - 1]) === bare(b[toB - 1])) {
    toA -= 1;
    toB -= 1;
    ending.push(["same", b[toB]]);
  }
  const anchors = anchorsOf(a.slice(fromA, toA).map(bare), b.slice(fromB, toB).map(bare));
  if (anchors.length) {
    let [lastA, lastB] = [fromA, fromB];
    for (const [atA, atB] of anchors) {
      between(a, b, lastA, fromA + atA, lastB, fromB + atB, said);
      said.push(["same", b[fromB + atB]]);
      [lastA, lastB] = [fromA + atA + 1, fromB + atB + 1];
    }
    between(a, b, lastA, toA, lastB, toB, said);
  } else tabled(a.slice(fromA, toA), b.slice(fromB, toB), said);
  for (const word of ending.reverse()) said.push(word);
}

// Pairs of places, rising in both texts, of words that each has exactly once.
function anchorsOf(a, b) {
  const onceIn = (words) => {
    const places = new Map();
    words.forEach((word, place) => places.set(word, places.has(word) ? -1 : place));
    return places;
  };
  const placesB = onceIn(b);
  const pairs = [];
  for (const [word, atA] of onceIn(a)) {
    const atB = placesB.get(word) ?? -1;
    if (atA >= 0 && atB >= 0) pairs.push([atA, atB]);
  }
  return longestRising(pairs.sort((x, y) => x[0] - y[0]));
}

function longestRising(pairs) {
  const tops = []; // index of the pair with the lowest end of a run of each length
  const before = [];
  pairs.forEach(([, at], index) => {
    let [low, high] = [0, tops.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pairs[tops[middle]][1] < at) low = middle + 1;
      else high = middle;
    }
    before[index] = tops[low - 1];
    tops[low] = index;
  });
  const run = [];
  for (let index = tops.at(-1); index !== undefined; index = before[index]) run.push(pairs[index]);
  return run.reverse();
}

// The longest common subsequence of two short stretches.
function tabled(a, b, said) {
  if (a.length * b.length > TABLE) {
    only("first", a, said);
    only("second", b, said);
    return;
  }
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const same = (i, j) => bare(a[i]) === bare(b[j]);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const [down, right] = [common[(i + 1) * width + j], common[i * width + j + 1]];
      common[i * width + j] = same(i, j) ? common[(i + 1) * width + j + 1] + 1 : Math.max(down, right);
    }
  }
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (same(i, j)) {
      said.push(["same", b[j]]);
      i += 1;
      j += 1;
    } else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) said.push(["first", a[i++]]);
    else said.push(["second", b[j++]]);
  }
  only("first", a.slice(i), said);
  only("second", b.slice(j), said);
}

function only(kind, words, said) {
  for (const word of words) said.push([kind, word]);
}

// The first word of a text has no space before it, and may follow one of the other's here.
function joined(said) {
  const parts = [];
  for (const [kind, word] of said) {
    const text = parts.length && !/^\s/.test(word) ? ` ${word}` : word;
    if (parts.at(-1)?.kind === kind) parts.at(-1).text += text;
    else parts.push({ kind, text });
  }
  return parts;
}
