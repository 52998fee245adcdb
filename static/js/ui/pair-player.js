// The same where there is no MediaSource, or not for these codecs: two <video> take turns,
// one plays a chunk while the other has the next one ready. Emits what StreamPlayer does,
// but for `unable`; and `border` {seconds} where a chunk has ended: whoever hears it may close it.

import { isGone } from "./chunks.js";

const AGAIN_MS = 2000; // until what could not be loaded is tried again
const NEAR_S = 0.6; // more than between two times that a browser tells
const LEAD_S = 0.04; // so long the next one takes to begin
const SLIP_S = 0.02; // so exactly is a border met
const MOST_TRIES = 5; // of a file that is there and cannot be played

export class PairPlayer {
  #chunk = null;
  #waits = true;
  #playing = false;
  #failures = 0; // since something was played
  #border = null; // a timer
  #left = new AbortController();

  // `videos`: two elements at one place; only the one that plays is shown.
  constructor(videos, playlist, { emit }) {
    this.videos = videos;
    this.playlist = playlist;
    this.emit = emit;
    for (const video of videos) {
      const on = (name, act) => {
        video.addEventListener(name, () => video === this.video && act(), { signal: this.#left.signal });
      };
      on("ended", () => this.#turn());
      on("timeupdate", () => this.#tell());
      on("play", () => (this.#playing = true));
      // By whoever watches, not by its end.
      on("pause", () => (this.#playing = (video.ended || video.error !== null) && this.#playing));
      on("playing", () => this.#played());
      on("error", () => this.#fail());
    }
    this.pump();
  }

  get video() {
    return this.videos[0];
  }

  get playing() {
    return this.#playing;
  }

  // Where in the film it is, or goes once that is loaded.
  get seconds() {
    const { start, end } = this.#chunk;
    return this.#waits ? end : start + this.video.currentTime;
  }

  // In the middle of a chunk that somebody watches.
  get amid() {
    return this.#playing && !this.#waits && this.video.currentTime > 0;
  }

  pump() {
    const { playlist } = this;
    if (this.#waits) {
      const chunk = this.#chunk ? playlist.after(this.#chunk) : playlist.chunks[0];
      if (chunk) this.#show(chunk, 0);
    }
    const next = this.#chunk && playlist.after(this.#chunk);
    if (next && this.videos[1].dataset.chunk !== next.url) load(this.videos[1], next);
  }

  play() {
    this.#playing = true;
    return this.video.play();
  }

  seek(seconds) {
    const chunk = this.playlist.at(seconds);
    if (!chunk) return;
    if (chunk === this.#chunk && !this.#waits) this.video.currentTime = seconds - chunk.start;
    else this.#show(chunk, seconds - chunk.start);
  }

  close() {
    this.#left.abort();
    clearTimeout(this.#border);
    const { volume, muted } = this.video;
    for (const video of this.videos) {
      Object.assign(video, { volume, muted }); // whichever is shown next
      delete video.dataset.chunk;
      video.removeAttribute("src");
      video.load();
    }
  }

  #turn() {
    this.emit("border", { seconds: this.#chunk.end });
    if (this.#left.signal.aborted) return;
    const next = this.playlist.after(this.#chunk);
    if (next) return this.#show(next, 0);
    this.#waits = !this.playlist.complete;
    if (this.#waits) this.emit("waiting", { waiting: true });
  }

  #show(chunk, at) {
    const before = this.video;
    if (this.#chunk && this.videos[1].dataset.chunk === chunk.url) this.videos.reverse();
    const { video } = this;
    if (video.dataset.chunk !== chunk.url || video.error) load(video, chunk);
    // One that was played before stands at its end.
    if (video.currentTime !== at) video.currentTime = at;
    video.hidden = false;
    if (before !== video) {
      before.hidden = true;
      before.pause();
      for (const setting of ["volume", "muted", "playbackRate"]) video[setting] = before[setting];
    }
    this.#waits = false;
    this.#chunk = chunk;
    this.emit("waiting", { waiting: false });
    // One that waited could not be paused when its room was left: it would only be heard.
    if (!video.getClientRects().length) this.#playing = false;
    if (this.#playing) video.play().catch(() => {}); // paused, then: its controls are there
    this.pump();
  }

  #tell() {
    this.emit("moment", { seconds: this.#chunk.start + this.video.currentTime });
    this.#watch();
  }

  // Sound and picture of a chunk may reach a little beyond its end: that is the next one's.
  #watch() {
    clearTimeout(this.#border);
    const { currentTime, paused, playbackRate } = this.video;
    const left = this.#chunk.end - this.#chunk.start - LEAD_S - currentTime;
    if (paused || left > NEAR_S) return;
    const turn = () => (left > SLIP_S ? this.#watch() : this.playlist.after(this.#chunk) && this.#turn());
    this.#border = setTimeout(turn, (1000 * left) / playbackRate);
  }

  #played() {
    if (this.#failures) this.emit("missing", { why: null });
    this.#failures = 0;
  }

  // A chunk that will never come is stepped over; any other may come later.
  async #fail() {
    const chunk = this.#chunk;
    const at = this.video.currentTime;
    this.#failures += 1;
    const gone = this.#failures > MOST_TRIES || (await isGone(chunk.url, this.#left.signal));
    const again = () => {
      if (this.#left.signal.aborted || chunk !== this.#chunk) return;
      if (gone) this.#turn();
      else this.#show(chunk, at);
    };
    if (!this.#left.signal.aborted) this.emit("missing", { why: gone ? "gone" : "unreachable" });
    if (gone) again();
    else setTimeout(again, AGAIN_MS);
  }
}

function load(video, { url }) {
  video.dataset.chunk = url;
  video.preload = "auto";
  video.src = url;
}
