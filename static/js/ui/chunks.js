// Fetches one chunk whole, and again when the connection broke or says nothing more.

const PAUSES_MS = [300, 1000, 3000, 9000];
const SILENCE_MS = 20000;
const GONE = [404, 410];

// No bytes came. `gone`: nor will they ever.
export class ChunkError extends Error {
  constructor(message, gone = false) {
    super(message);
    this.gone = gone;
  }
}

export async function fetchChunk(url, signal, { pausesMs = PAUSES_MS, silenceMs = SILENCE_MS } = {}) {
  for (let tries = 0; ; tries += 1) {
    try {
      return await bytesOf(url, signal, silenceMs);
    } catch (error) {
      if (signal.aborted || error.gone) throw error;
    }
    if (tries === pausesMs.length) throw new ChunkError("A chunk could not be fetched.");
    await new Promise((resolve) => setTimeout(resolve, pausesMs[tries]));
  }
}

async function bytesOf(url, signal, silenceMs) {
  signal.throwIfAborted();
  const given = new AbortController();
  const giveUp = () => given.abort();
  let timer = setTimeout(giveUp, silenceMs);
  signal.addEventListener("abort", giveUp);
  try {
    const response = await fetch(url, { signal: given.signal });
    if (!response.ok) throw new ChunkError(`${response.status} for a chunk`, GONE.includes(response.status));
    const pieces = [];
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return new Uint8Array(await new Blob(pieces).arrayBuffer());
      pieces.push(value);
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

// Whether nobody will ever have it again, as far as can be known.
export async function isGone(url, signal) {
  try {
    const { status } = await fetch(url, { method: "HEAD", signal });
    return GONE.includes(status);
  } catch {
    return false; // no answer: not known
  }
}
