// Lines of a commentary as captions on a video, at their times. A track cannot be taken away
// again and its language not changed: there is one for each language that was heard.

export class Captions {
  #shown = new Map(); // index of a line -> its cue
  #tracks = new Map(); // by language
  track = null; // that of the commentary

  constructor(video) {
    this.video = video;
  }

  // For a new commentary.
  begin(language) {
    for (const cue of this.#shown.values()) this.#take(cue);
    this.#shown.clear();
    if (this.track) this.track.mode = "disabled";
    const begun = this.#tracks.get(language);
    this.track = begun ?? this.video.addTextTrack("captions", `Commentary (${language})`, language);
    this.#tracks.set(language, this.track);
  }

  show(lines) {
    for (const { index, text, start, end, state } of lines) {
      const cue = this.#shown.get(index);
      if (state === "failed" && cue) {
        this.#take(cue); // told of, and lost after all
        this.#shown.delete(index);
      }
      if (start === null || state === "failed" || cue) continue;
      this.#shown.set(index, new VTTCue(start, end, plain(text)));
      this.track.addCue(this.#shown.get(index));
    }
  }

  #take(cue) {
    const { mode } = this.track;
    if (mode === "disabled") this.track.mode = "hidden"; // it has no cues, else
    this.track.removeCue(cue);
    this.track.mode = mode;
  }
}

// A cue's text is markup of a kind; what was said is none.
export const plain = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
