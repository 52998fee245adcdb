// The same where there is no MediaSource, or not for these codecs: two <video> take turns,
// one plays a chunk while the other has the next one ready. Emits what StreamPlayer does,
// but for `unable`.

export class PairPlayer {
  #chunk = null;
  #waits = true;
  #playing = false;
  #left = new AbortController();

  // `videos`: two elements at one place; only the one that plays is shown.
  constructor(videos, playlist, { emit }) {
    this.videos = videos;
    this.playlist = playlist;
    this.emit = emit;
    const { signal } = this.#left;
    for (const video of videos) {
      video.addEventListener("ended", () => video === this.video && this.#turn(), { signal });
      video.addEventListener("timeupdate", () => video === this.video && this.#tell(), { signal });
      video.addEventListener("play", () => (this.#playing = true), { signal });
      video.addEventListener("pause", () => (this.#playing = video.ended && this.#playing), { signal });
    }
    this.pump();
  }

  get video() {
    return this.videos[0];
  }

  pump() {
    const { playlist } = this;
    if (this.#waits) {
      const chunk = this.#chunk ? playlist.after(this.#chunk) : playlist.chunks[0];
      if (chunk) this.#show(chunk, 0);
    }
    const next = this.#chunk && playlist.after(this.#chunk);
    if (next) load(this.videos[1], next);
  }

  play() {
    this.#playing = true;
    return this.video.play();
  }

  seek(seconds) {
    const chunk = this.playlist.at(seconds);
    if (!chunk) return;
    if (chunk === this.#chunk) this.video.currentTime = seconds - chunk.start;
    else this.#show(chunk, seconds - chunk.start);
  }

  close() {
    this.#left.abort();
    for (const video of this.videos) {
      delete video.dataset.chunk;
      video.removeAttribute("src");
      video.load();
    }
  }

  #turn() {
    const next = this.playlist.after(this.#chunk);
    if (next) return this.#show(next, 0);
    this.#waits = !this.playlist.complete;
    if (this.#waits) this.emit("waiting", { waiting: true });
  }

  #show(chunk, at) {
    const before = this.video;
    if (this.#chunk && this.videos[1].dataset.chunk === chunk.url) this.videos.reverse();
    const { video } = this;
    load(video, chunk);
    if (at) video.currentTime = at;
    video.hidden = false;
    if (before !== video) {
      before.hidden = true;
      before.pause();
      video.volume = before.volume;
      video.muted = before.muted;
    }
    this.#waits = false;
    this.#chunk = chunk;
    this.emit("waiting", { waiting: false });
    if (this.#playing) video.play().catch(() => {}); // paused, then: its controls are there
    this.pump();
  }

  #tell() {
    this.emit("moment", { seconds: this.#chunk.start + this.video.currentTime });
  }
}

function load(video, { url }) {
  if (video.dataset.chunk === url) return;
  video.dataset.chunk = url;
  video.preload = "auto";
  video.src = url;
}
