// Fetches one chunk whole, and again when the connection broke.

const PAUSES_MS = [300, 1000, 3000, 9000];

export async function fetchChunk(url, signal) {
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(url, { signal });
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      if (response.status < 500) throw Object.assign(new Error(`${response.status} for a chunk`), { final: true });
    } catch (error) {
      if (signal.aborted || error.final) throw error;
    }
    if (tries === PAUSES_MS.length) throw new Error("A chunk could not be fetched.");
    await new Promise((resolve) => setTimeout(resolve, PAUSES_MS[tries]));
  }
}
