// Plays the finished film from its one file, where a film that is being made would need two
// players that take turns. Emits what StreamPlayer does, but for `missing`.

import { OneVideo } from "./one-video.js";

export class WholePlayer extends OneVideo {
  #playing = false;

  constructor(video, url, { at, emit }) {
    super(video, emit);
    this.on("play", () => (this.#playing = true));
    // By whoever watches, not by an error.
    this.on("pause", () => (this.#playing = video.error !== null && this.#playing));
    this.on("error", () => emit("unable", { error: video.error, seconds: video.currentTime }));
    video.preload = "auto";
    video.src = url;
    if (at) video.currentTime = at;
  }

  get playing() {
    return this.#playing;
  }

  pump() {} // it has all there is
}
