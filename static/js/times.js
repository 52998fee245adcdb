// Finds times of the video in text: `0:42`, `1:02-1:10`, `00:01:02.5`.

// The last parts have two digits below 60: `16:9` and `00:99:99` are not times.
const TIME = String.raw`(?:\d{1,2}:[0-5]\d|\d{1,3}):[0-5]\d(?:\.\d{1,3})?`;
const TIMES = new RegExp(
  String.raw`(?<![\w:.])(${TIME})(?:[ \u00a0]?[-–—][ \u00a0]?(${TIME}))?(?!\w|[:.]\d)`,
  "g",
);

// What a time could still become when more text follows. No time is longer than this.
const UNSETTLED = /[\d:. \u00a0–—-]{1,40}$/;

export function toSeconds(time) {
  return time.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

// What a person writes into a field, `75` or `1:15`: seconds, null when empty, NaN when neither.
export function readTime(text) {
  const trimmed = text.trim();
  if (!trimmed) return null;
  return /^\d+(\.\d+)?$|^(\d+:){1,2}\d{1,2}(\.\d+)?$/.test(trimmed) ? toSeconds(trimmed) : NaN;
}

export function writeTime(seconds, digits = 0) {
  const unit = 10 ** digits;
  const units = Math.max(0, Math.floor(seconds * unit + 1e-6)); // 4.1 * 10 is 40.99…
  const two = (number) => String(number).padStart(2, "0");
  const [whole, rest] = [Math.floor(units / unit), units % unit];
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const fraction = rest ? `.${String(rest).padStart(digits, "0")}` : "";
  return (h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`) + fraction;
}

// Text that grows. `push` returns what can no longer change, as parts {text, from, to}, or
// {text, beyond} for a time after the end of the video; `tail` is the rest, which may be the
// beginning of a time.
export class TimeFinder {
  #before = ""; // the last letter already given away: `a1:02` is not a time
  tail = "";

  constructor(duration = Infinity) {
    this.duration = duration;
  }

  push(text) {
    const whole = this.tail + text;
    this.tail = UNSETTLED.exec(whole)?.[0] ?? "";
    return this.#parts(whole.slice(0, whole.length - this.tail.length));
  }

  end() {
    const rest = this.tail;
    this.tail = "";
    return this.#parts(rest);
  }

  // A stretch that ends before it begins is a slip; its beginning still is a moment.
  #within(from, to) {
    return to < from ? null : Math.min(to, this.duration);
  }

  #parts(text) {
    const all = this.#before + text;
    const parts = [];
    let shown = this.#before.length;
    TIMES.lastIndex = shown;
    for (let found; (found = TIMES.exec(all)); ) {
      const from = toSeconds(found[1]);
      const to = found[2] === undefined ? null : toSeconds(found[2]);
      if (found.index > shown) parts.push({ text: all.slice(shown, found.index) });
      if (from > this.duration) parts.push({ text: found[0], beyond: true });
      else parts.push({ text: found[0], from, to: to === null ? null : this.#within(from, to) });
      shown = found.index + found[0].length;
    }
    if (all.length > shown) parts.push({ text: all.slice(shown) });
    if (text) this.#before = text.at(-1);
    return parts;
  }
}
