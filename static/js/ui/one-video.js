// What players have in common that need one <video> only: `moment` {seconds} and `waiting`
// {waiting} are told, and nothing is heard of it any more once it is closed.

export class OneVideo {
  left = new AbortController();

  constructor(video, emit) {
    this.video = video;
    this.emit = emit;
    this.on("timeupdate", () => emit("moment", { seconds: video.currentTime }));
    this.on("waiting", () => emit("waiting", { waiting: !video.ended }));
    this.on("playing", () => emit("waiting", { waiting: false }));
  }

  on(name, act) {
    this.video.addEventListener(name, act, { signal: this.left.signal });
  }

  play() {
    return this.video.play();
  }

  seek(seconds) {
    this.video.currentTime = seconds;
  }

  close() {
    this.left.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
