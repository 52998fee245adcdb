// Plays a film that is still being made: chunks go one after the other into one MediaSource,
// each at its place in time, so that there is no border to be heard or seen. When the next
// chunk is late the player waits and goes on by itself. Emits `moment` {seconds} and
// `waiting` {waiting}; `missing` {why} when a chunk is "gone" for good or "unreachable" for now,
// null when it came after all; `unable` when this browser cannot play such chunks this way.

import { mimeOf } from "../mp4.js";
import { BEHIND_S } from "../playlist.js";
import { ChunkError, fetchChunk } from "./chunks.js";
import { OneVideo } from "./one-video.js";

const SLIP_S = 0.3; // a hole no longer than this is stepped over
const AGAIN_MS = 5000; // until what could not be reached is tried again

export class StreamPlayer extends OneVideo {
  #source = null; // a SourceBuffer, once the first chunk has said what it holds
  #pumping = false;
  #gone = new Set(); // chunks that will never come: holes, however long
  #unreachable = false;
  #again = null;

  constructor(video, playlist, { duration, emit }) {
    super(video, emit);
    this.playlist = playlist;
    this.media = new MediaSource();
    this.media.addEventListener("sourceopen", () => this.#open(duration), { once: true });
    for (const name of ["timeupdate", "seeking", "waiting"]) this.on(name, () => this.pump());
    // What lies in it cannot be decoded. The same chunk by itself may be.
    this.on("error", () => this.emit("unable", { error: video.error, seconds: video.currentTime }));
    this.address = URL.createObjectURL(this.media);
    video.src = this.address;
  }

  static get possible() {
    return "MediaSource" in window;
  }

  // Something may have come, or been heard: fetch what is next, let go what is not needed.
  async pump() {
    if (this.#pumping || this.media.readyState === "closed") return;
    this.#pumping = true;
    try {
      await this.#letGo();
      for (let chunk; (chunk = this.playlist.next(this.video.currentTime)); ) await this.#take(chunk);
      if (this.playlist.ended && this.media.readyState === "open") this.media.endOfStream();
      this.#stepOver();
    } catch (error) {
      if (this.left.signal.aborted) return;
      if (error instanceof ChunkError) this.#tryLater();
      else this.emit("unable", { error, seconds: this.video.currentTime });
    } finally {
      this.#pumping = false;
    }
  }

  close() {
    super.close();
    clearTimeout(this.#again);
    URL.revokeObjectURL(this.address);
  }

  #open(duration) {
    // So that the whole film is on the controls from the beginning.
    if (duration) this.media.duration = duration;
    this.pump();
  }

  async #take(chunk) {
    const bytes = await this.#fetch(chunk);
    if (!bytes) return;
    this.#source ??= this.#begin(bytes);
    await this.#settled();
    this.#source.timestampOffset = chunk.start;
    for (let behind = BEHIND_S; ; behind /= 3) {
      try {
        this.#source.appendBuffer(bytes);
        break;
      } catch (error) {
        if (error.name !== "QuotaExceededError" || behind < 1) throw error;
        await this.#letGo(behind / 3);
      }
    }
    await this.#settled();
    this.playlist.hold(chunk);
    this.#stepOver();
  }

  async #fetch(chunk) {
    try {
      const bytes = await fetchChunk(chunk.url, this.left.signal);
      if (this.#unreachable) this.emit("missing", { why: null });
      this.#unreachable = false;
      return bytes;
    } catch (error) {
      if (!error.gone) throw error;
      this.#gone.add(chunk);
      this.playlist.hold(chunk); // as good as held: nobody needs to ask for it again
      this.emit("missing", { why: "gone" });
      return null;
    }
  }

  #tryLater() {
    this.#unreachable = true;
    this.emit("missing", { why: "unreachable" });
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.pump(), AGAIN_MS);
  }

  #begin(bytes) {
    const type = mimeOf(bytes);
    if (!type || !MediaSource.isTypeSupported(type)) throw new Error(`cannot play ${type ?? "this"}`);
    return this.media.addSourceBuffer(type);
  }

  async #letGo(behind) {
    const spare = this.#source && this.playlist.spare(this.video.currentTime, behind);
    if (!spare) return;
    this.#source.remove(spare.from, spare.to);
    await this.#settled();
  }

  #settled() {
    const source = this.#source;
    if (!source.updating) return null;
    return new Promise((resolve, reject) => {
      source.addEventListener("updateend", resolve, { once: true });
      source.addEventListener("error", () => reject(new Error("a chunk could not be read")), { once: true });
    });
  }

  // A browser that stands before a tiny hole does not always find its way over it.
  #stepOver() {
    const { buffered, currentTime, readyState } = this.video;
    if (readyState > 2) return;
    let reach = SLIP_S;
    for (const { start, end } of this.#gone) {
      if (start - SLIP_S < currentTime + reach && end > currentTime) reach = end - currentTime + SLIP_S;
    }
    for (let range = 0; range < buffered.length; range += 1) {
      const ahead = buffered.start(range) - currentTime;
      if (ahead > 0 && ahead < reach) this.video.currentTime = buffered.start(range) + 0.001;
    }
  }
}
