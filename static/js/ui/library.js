// The videos to choose from, and a way to add one. Emits `choose` {video}, `upload` {files},
// `stop-upload`.

import { writeTime } from "../times.js";
import { sizeWords } from "../wording.js";
import { fromTemplate, hide, parts, say } from "./parts.js";

export class Library {
  #videos = [];
  chosen = null;

  // `fields` and `item` are templates; a file may be dropped anywhere in `target`.
  constructor(element, { fields, item, target, api }) {
    this.element = element;
    this.template = item;
    this.thumbnailUrl = (id) => api.thumbnailUrl(id);
    element.append(fields.content.cloneNode(true));
    this.parts = parts(element);
    const { file, list, stopUpload } = this.parts;
    file.addEventListener("change", () => {
      if (file.files.length) this.#emit("upload", { files: [...file.files] });
      file.value = ""; // so that the same file can be chosen again
    });
    stopUpload.addEventListener("click", () => this.#emit("stop-upload"));
    list.addEventListener("change", (event) => this.choose(event.target.value));
    acceptDrops(target, (files) => this.#emit("upload", { files }));
  }

  show(videos) {
    this.#videos = videos;
    this.parts.list.replaceChildren(...videos.map((video) => this.#item(video)));
    this.parts.empty.hidden = videos.length > 0;
    this.parts.list.hidden = !videos.length;
    if (this.chosen) this.#check();
  }

  // By id or by file name. Says whether there is such a video.
  choose(name) {
    const video = this.#videos.find(({ id, name: file }) => id === name || file === name);
    if (!video) return false;
    this.chosen = video;
    this.complain("");
    this.#check();
    this.#emit("choose", { video });
    return true;
  }

  // When the room is entered: the one an address asks for, or the first.
  begin(name) {
    if (name && this.choose(name)) return;
    this.choose(this.#videos[0]?.id);
    if (name) this.complain(missing(name));
  }

  // The video, or null after saying that it is not there.
  chooseOrSay(name) {
    if (this.choose(name)) return this.chosen;
    this.complain(missing(name));
    return null;
  }

  #check() {
    for (const radio of this.parts.list.querySelectorAll("input")) {
      radio.checked = radio.value === this.chosen.id;
    }
  }

  // `part` from 0 to 1 of a file that is on its way, and how many wait for it; no name when
  // none is.
  uploading(name, part, waiting) {
    const { uploadRow, uploadName, uploadBar, file } = this.parts;
    hide(uploadRow, name === null, file);
    if (name === null) return;
    const more = waiting ? `, ${waiting} more to go` : "";
    say(uploadName, `${part < 1 ? "Sending" : "Checking"} ${name}${more}`);
    uploadBar.value = part;
  }

  complain(message) {
    say(this.parts.problem, message);
  }

  #item(video) {
    const item = fromTemplate(this.template);
    const { radio, picture, name, facts } = parts(item);
    radio.value = video.id;
    radio.name = this.element.id; // a choice of its own in every room
    name.textContent = video.title ?? video.name;
    name.title = video.name;
    facts.textContent = factsOf(video);
    picture.src = this.thumbnailUrl(video.id);
    picture.addEventListener("error", () => picture.remove());
    return item;
  }

  #emit(name, detail) {
    this.element.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const missing = (name) => `There is no video “${name}” in this library.`;

// `take` is given all that was dropped at once.
function acceptDrops(target, take) {
  const mark = (on) => target.classList.toggle("dropping", on);
  target.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // text, for a field
    event.preventDefault();
    mark(true);
  });
  target.addEventListener("dragleave", ({ relatedTarget }) => mark(target.contains(relatedTarget)));
  target.addEventListener("drop", (event) => {
    mark(false);
    const files = [...event.dataTransfer.files];
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
}

function factsOf({ duration, width, height, size, error }) {
  if (error) return error;
  const facts = [];
  if (duration) facts.push(writeTime(duration));
  if (width) facts.push(`${width}×${height}`);
  if (size) facts.push(sizeWords(size));
  return facts.join(" · ");
}
