// The player of a commentary: starts with the first chunk, captions on. One way of playing
// is chosen for it, another taken when that one does not work; where two players would take
// turns, the finished film is played instead as soon as it is there and nobody is disturbed.
// Emits `moment` {seconds}.

import { Playlist } from "../playlist.js";
import { Captions } from "./captions.js";
import { PairPlayer } from "./pair-player.js";
import { parts, say } from "./parts.js";
import { StreamPlayer } from "./stream-player.js";
import { WholePlayer } from "./whole-player.js";

const MISSING = {
  gone: "A part of this film cannot be had any more: the server has removed it. Start again to have it made anew.",
  unreachable: "A part of this film cannot be fetched; trying again…",
};

export class Film {
  #player = null;

  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    this.captions = new Captions(this.parts.video);
  }

  // For a new commentary, in that language, on a film so many seconds long.
  begin(duration, language) {
    this.#player?.close();
    this.#player = null;
    this.commentary = null;
    this.duration = duration;
    this.playlist = new Playlist();
    this.captions.begin(language);
    this.parts.caption.lang = language;
    this.lines = [];
    this.waiting = false;
    this.missing = null;
    this.unplayable = null; // a finished film that this browser could not play
    this.parts.other.hidden = true;
    this.parts.video.hidden = true;
    this.#say();
  }

  // What can be played by now: told with every event, for a page nobody looks at draws no
  // frames, and its film goes on.
  feed(commentary) {
    this.commentary = commentary;
    for (const chunk of commentary.chunks.slice(this.playlist.chunks.length)) this.playlist.add(chunk);
    // No more will come; after an interruption it may.
    this.playlist.complete = commentary.over && commentary.state !== "interrupted";
    if (this.playlist.chunks.length && !this.#player) this.#start(StreamPlayer.possible);
    if (!this.#player?.amid) this.#whole();
    this.#player?.pump();
  }

  show(commentary) {
    this.lines = commentary.inOrder;
    this.captions.show(this.lines);
    this.#say();
  }

  seek(seconds) {
    if (!this.#whole(seconds)) this.#player?.seek(seconds);
  }

  // The finished film instead of two players, from there or where they are; whether it is so.
  #whole(seconds) {
    const url = this.commentary?.result?.final_url;
    if (!url || url === this.unplayable || !(this.#player instanceof PairPlayer)) return false;
    const { video, other } = this.parts;
    const { playing, seconds: now, video: shown } = this.#player;
    const { playbackRate } = shown;
    this.#player.close();
    this.missing = null;
    video.hidden = false;
    other.hidden = true;
    const at = seconds ?? now;
    const how = { at, emit: (name, detail) => this.#hear(name, detail) };
    this.#player = new WholePlayer(video, url, how);
    video.playbackRate = playbackRate; // a new source has put it back
    this.#caption(true);
    this.#say();
    // At its end it would begin anew.
    const more = at < this.playlist.chunks.at(-1).end;
    // Paused, else: its controls are there.
    if (playing && more && this.element.offsetParent) this.#player.play().catch(() => {});
    return true;
  }

  #start(streaming, plays = true) {
    const { video, other } = this.parts;
    const how = { duration: this.duration, emit: (name, detail) => this.#hear(name, detail) };
    video.hidden = false;
    this.#caption(streaming);
    this.#player = streaming
      ? new StreamPlayer(video, this.playlist, how)
      : new PairPlayer([video, other], this.playlist, how);
    // In a room nobody is in it would only be heard; its controls are there for later.
    if (plays && this.element.offsetParent) this.#player.play().catch(() => {}); // not allowed to
  }

  #hear(name, detail) {
    if (name === "moment") this.#moment(detail);
    else if (name === "waiting") this.waiting = detail.waiting;
    else if (name === "missing") this.missing = detail.why;
    else if (name === "border") this.#whole(detail.seconds);
    else if (name === "unable") this.#takeTurns(detail.seconds ?? 0);
    this.#say();
  }

  #takeTurns(seconds) {
    const { chunks, complete } = this.playlist;
    const whole = this.#player instanceof WholePlayer;
    const { paused, playbackRate } = this.#player.video;
    const plays = whole ? this.#player.playing : !paused;
    if (whole) this.unplayable = this.commentary.result.final_url;
    this.#player.close();
    this.playlist = Object.assign(new Playlist(), { chunks, complete });
    this.#start(false, plays);
    for (const video of this.#player.videos) video.playbackRate = playbackRate; // a new source puts it back
    if (seconds) this.#player.seek(seconds);
  }

  // By the video's own track; or by us, where two players take turns and those of a track
  // would begin anew with each.
  #caption(byTrack) {
    this.byTrack = byTrack;
    this.captions.track.mode = byTrack ? "showing" : "disabled";
    if (byTrack) say(this.parts.caption, "");
  }

  #moment(detail) {
    const { seconds } = detail;
    const heard = !this.byTrack && this.lines.find(({ start, end, state }) => state !== "failed" && start !== null && start <= seconds && seconds < end);
    say(this.parts.caption, heard ? heard.text : "");
    this.element.dispatchEvent(new CustomEvent("moment", { detail }));
  }

  #say() {
    const { blank, late } = this.parts;
    blank.hidden = this.#player !== null;
    const never = this.commentary?.over && this.commentary.state !== "interrupted";
    blank.textContent = never ? "No part of this film was made." : "The film begins here as soon as its first part is made.";
    const made = this.waiting && this.commentary && !this.commentary.over;
    say(late, MISSING[this.missing] ?? (made ? "The next part is being made; it goes on by itself." : ""));
  }
}
