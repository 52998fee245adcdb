// The chosen video. It follows the reader into a corner when a moment is asked for out of
// its sight. Emits `moment` {seconds} as it plays.

import { parts } from "./parts.js";

const SEEN = 0.5; // so much of it must be in sight

export class Player {
  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    const { video, trouble, undock } = this.parts;
    video.addEventListener("error", () => (trouble.hidden = false));
    video.addEventListener("loadedmetadata", () => (trouble.hidden = true));
    for (const name of ["timeupdate", "seeking"]) {
      video.addEventListener(name, () => {
        const detail = { seconds: video.currentTime };
        element.dispatchEvent(new CustomEvent("moment", { detail }));
      });
    }
    undock.addEventListener("click", () => {
      this.#dock(false);
      element.scrollIntoView({ block: "center" });
    });
    const back = ([entry]) => entry.intersectionRatio >= SEEN && this.#dock(false);
    new IntersectionObserver(back, { threshold: SEEN }).observe(element);
  }

  get time() {
    return this.parts.video.currentTime;
  }

  show(url) {
    const { video, blank, trouble } = this.parts;
    if (video.getAttribute("src") === url) return;
    video.src = url;
    video.hidden = false;
    blank.hidden = true;
    trouble.hidden = true;
  }

  seek(seconds) {
    this.parts.video.currentTime = seconds;
    if (!this.#inSight()) this.#dock(true);
  }

  #inSight() {
    const { top, bottom, height } = this.element.getBoundingClientRect();
    return Math.min(bottom, innerHeight) - Math.max(top, 0) >= SEEN * height;
  }

  #dock(docked) {
    this.element.classList.toggle("docked", docked);
    this.parts.undock.hidden = !docked;
  }
}
