// Plays the finished film from its one file, where a film that is being made would need two
// players that take turns. Emits what StreamPlayer does.

export class WholePlayer {
  #playing = false;
  #left = new AbortController();

  constructor(video, url, { at, emit }) {
    this.video = video;
    const on = (name, act) => video.addEventListener(name, act, { signal: this.#left.signal });
    on("timeupdate", () => emit("moment", { seconds: video.currentTime }));
    on("waiting", () => emit("waiting", { waiting: true }));
    on("playing", () => emit("waiting", { waiting: false }));
    on("play", () => (this.#playing = true));
    // By whoever watches, not by an error.
    on("pause", () => (this.#playing = video.error !== null && this.#playing));
    on("error", () => emit("unable", { error: video.error, seconds: video.currentTime }));
    video.preload = "auto";
    video.src = url;
    if (at) video.currentTime = at;
  }

  get playing() {
    return this.#playing;
  }

  pump() {} // it has all there is

  play() {
    return this.video.play();
  }

  seek(seconds) {
    this.video.currentTime = seconds;
  }

  close() {
    this.#left.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
