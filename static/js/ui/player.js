// The chosen video.

import { parts } from "./parts.js";

export class Player {
  constructor(element) {
    this.element = element;
    this.parts = parts(element);
    const { video, trouble } = this.parts;
    video.addEventListener("error", () => (trouble.hidden = false));
    video.addEventListener("loadedmetadata", () => (trouble.hidden = true));
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
    this.element.scrollIntoView({ block: "nearest" });
  }
}
