import assert from "node:assert/strict";
import { test } from "node:test";

import { mimeOf } from "../../static/js/mp4.js";

const bytes = (...parts) => Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...part].map((sign) => sign.charCodeAt(0)) : part)));
const number = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const box = (type, ...content) => {
  const inside = bytes(...content.map((part) => (part instanceof Uint8Array ? [...part] : part)));
  return bytes(number(inside.length + 8), type, [...inside]);
};
const zeros = (count) => new Array(count).fill(0);

const avcC = (...profile) => box("avcC", [1, ...profile, 255]);
const esds = (object, long = false) => {
  const length = (count) => (long ? [0x80, 0x80, 0x80, count] : [count]);
  return box("esds", zeros(4), [3, ...length(25), 0, 2, 0, 4, ...length(17), 0x40, 0x15], zeros(11), [5, ...length(2), object << 3, 0]);
};
const entry = (type, before, ...inside) => box(type, zeros(before), ...inside);
const track = (described) => box("trak", box("tkhd", zeros(84)), box("mdia", box("minf", box("stbl", box("stsd", zeros(4), number(1), described)))));
const file = (...tracks) => bytes(...[box("ftyp", "isom", zeros(4)), box("moov", ...tracks), box("moof", zeros(50))].map((each) => [...each]));

const video = track(entry("avc1", 78, avcC(0x64, 0x00, 0x1f)));
const sound = track(entry("mp4a", 28, esds(2)));

test("picture and sound are named as browsers want them", () => {
  assert.equal(mimeOf(file(video, sound)), 'video/mp4; codecs="avc1.64001f,mp4a.40.2"');
  assert.equal(mimeOf(file(video)), 'video/mp4; codecs="avc1.64001f"');
  assert.equal(mimeOf(file(track(entry("avc1", 78, avcC(0x42, 0xc0, 0x0d))))), 'video/mp4; codecs="avc1.42c00d"');
});

test("lengths may be written in several bytes, and other boxes may come before", () => {
  const long = track(entry("mp4a", 28, box("btrt", zeros(12)), esds(5, true)));
  assert.equal(mimeOf(file(video, long)), 'video/mp4; codecs="avc1.64001f,mp4a.40.5"');
});

test("a codec that is not known here, or no film at all, has no name", () => {
  assert.equal(mimeOf(file(track(entry("hvc1", 78, box("hvcC", zeros(20)))))), null);
  assert.equal(mimeOf(file(track(entry("avc1", 78)))), null);
  assert.equal(mimeOf(bytes("<html>Bad Gateway</html>")), null);
  assert.equal(mimeOf(new Uint8Array()), null);
});

test("a file that was cut off is not read beyond its end, wherever it was cut", () => {
  const whole = file(video, sound);
  for (let length = 0; length < whole.length; length += 1) {
    const found = mimeOf(whole.subarray(0, length));
    assert.ok(found === null || found.startsWith("video/mp4"), `${length}`);
  }
});

test("boxes that lie about their size end the search and not the page", () => {
  const lying = file(video, sound);
  for (let at = 0; at < lying.length; at += 1) {
    const spoiled = lying.slice();
    spoiled[at] ^= 0xff;
    mimeOf(spoiled);
  }
});
