// Lines of a commentary as captions on a video, at their times.

export class Captions {
  #shown = new Set();

  // `shift`: the second of the film at which this video begins.
  constructor(video, language) {
    this.track = video.addTextTrack("captions", "Commentary", language);
    this.track.mode = "showing";
  }

  show(lines) {
    for (const { index, text, start, end } of lines) {
      if (start === null || this.#shown.has(index)) continue;
      this.#shown.add(index);
      this.track.addCue(new VTTCue(start, end, plain(text)));
    }
  }

  clear() {
    this.#shown.clear();
    if (this.track.mode === "disabled") this.track.mode = "hidden"; // its cues are not told, else
    for (const cue of [...(this.track.cues ?? [])]) this.track.removeCue(cue);
  }
}

// A cue's text is markup of a kind; what was said is none.
export const plain = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
