// The chosen video. It follows the reader into a corner when a moment is asked for out of
// its sight. Emits `moment` {seconds} as it plays.

import { parts } from "./parts.js";

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
    new IntersectionObserver(([entry]) => {
      this.inSight = entry.intersectionRatio > 0.5;
      if (this.inSight) this.#dock(false);
    }, { threshold: 0.5 }).observe(element);
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
    if (this.inSight === false) this.#dock(true);
  }

  #dock(docked) {
    this.element.classList.toggle("docked", docked);
    this.parts.undock.hidden = !docked;
  }
}
