// What a browser must be told of an MP4 file before it takes it: the codecs of its tracks,
// as `avc1.64001f` and `mp4a.40.2`, read from its header. Null when there is another one.

const CONTAINERS = ["moov", "trak", "mdia", "minf", "stbl"];
const VIDEO_ENTRY = 78; // bytes of a sample entry before the boxes in it
const AUDIO_ENTRY = 28;

export function mimeOf(bytes) {
  const view = new DataView(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength);
  const codecs = [];
  try {
    walk(view, 0, view.byteLength, codecs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return null; // cut off, or not MP4 at all
  }
  if (!codecs.length || codecs.includes(null)) return null;
  return `video/mp4; codecs="${codecs.join(",")}"`;
}

function walk(view, from, to, codecs) {
  for (const { type, start, end } of boxes(view, from, to)) {
    if (CONTAINERS.includes(type)) walk(view, start, end, codecs);
    else if (type === "stsd") {
      const [entry] = boxes(view, start + 8, end);
      if (entry) codecs.push(codecOf(view, entry));
    }
  }
}

function* boxes(view, from, to) {
  for (let at = from; at + 8 <= to; ) {
    let size = view.getUint32(at);
    let start = at + 8;
    if (size === 1) {
      size = Number(view.getBigUint64(at + 8));
      start += 8;
    }
    const end = size === 0 ? to : at + size;
    if (end < start || end > to) throw new RangeError("a box ends outside of its own");
    yield { type: name(view, at + 4), start, end };
    at = end;
  }
}

const name = (view, at) => String.fromCharCode(...[0, 1, 2, 3].map((byte) => view.getUint8(at + byte)));
const hex = (byte) => byte.toString(16).padStart(2, "0");

function codecOf(view, { type, start, end }) {
  if (type === "avc1" || type === "avc3") {
    const config = inside(view, start + VIDEO_ENTRY, end, "avcC");
    return config && `${type}.${[1, 2, 3].map((byte) => hex(view.getUint8(config.start + byte))).join("")}`;
  }
  if (type === "mp4a") {
    const config = inside(view, start + AUDIO_ENTRY, end, "esds");
    return config && audioCodec(view, config.start + 4);
  }
  return null;
}

function inside(view, from, to, wanted) {
  for (const box of boxes(view, from, to)) if (box.type === wanted) return box;
  return null;
}

// Descriptors in each other: the stream, how it is coded, and for AAC which kind.
function audioCodec(view, at) {
  const [stream] = descriptor(view, at, 0x03);
  const flags = view.getUint8(stream + 2);
  const more = (flags & 0x80 ? 2 : 0) + (flags & 0x40 ? 1 + view.getUint8(stream + 3) : 0) + (flags & 0x20 ? 2 : 0);
  const [config] = descriptor(view, stream + 3 + more, 0x04);
  const kind = view.getUint8(config);
  if (kind !== 0x40) return `mp4a.${hex(kind)}`;
  const [specific] = descriptor(view, config + 13, 0x05);
  let object = view.getUint8(specific) >> 3;
  if (object === 31) object = 32 + ((view.getUint16(specific) >> 5) & 0x3f);
  return `mp4a.40.${object}`;
}

// [where its content begins]; its length is written in seven bits a byte.
function descriptor(view, at, tag) {
  if (view.getUint8(at) !== tag) throw new RangeError(`no descriptor ${tag}`);
  let next = at + 1;
  while (view.getUint8(next) & 0x80) next += 1;
  return [next + 1];
}
