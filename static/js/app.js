// Wires the parts of the page together; each part knows only itself.

import { Api, ApiError } from "./api.js";
import { Running } from "./running.js";
import { readSlots } from "./slots.js";
import { Board } from "./ui/board.js";
import { oncePerFrame } from "./ui/frames.js";
import { Library } from "./ui/library.js";
import { LoginDialog } from "./ui/login.js";
import { Models } from "./ui/models.js";
import { Player } from "./ui/player.js";
import { QuestionForm } from "./ui/question.js";

const id = (name) => document.getElementById(name);

const api = new Api();
const library = new Library(id("library"), id("video-item"), (video) => api.thumbnailUrl(video));
const player = new Player(id("player"));
const models = new Models(id("models"), id("model-choice"));
const form = new QuestionForm(id("ask"));
const board = new Board(id("board"), id("panel"));
const login = new LoginDialog(id("login"), (token) => api.login(token));

let running = null;
let uploading = null;
let listing = null;

const show = oncePerFrame(() => {
  const { session } = running;
  const address = `#run=${session.runId}`;
  // Replaced, not pushed: a reload comes back to the run, the back button leaves the page.
  if (session.runId && location.hash !== address) history.replaceState(null, "", address);
  form.busy(!session.over);
  board.show(session, running.lost);
});

async function run(query, start) {
  running = new Running(api, show);
  board.clear(query, library.chosen?.duration);
  show();
  try {
    await start(running);
  } catch (error) {
    board.element.hidden = true;
    tell(error);
  }
}

async function comeBack(runId) {
  const past = await api.run(runId);
  form.query = past.query;
  library.choose(past.video);
  models.choose(Object.keys(past.models));
  const [start, end] = past.window;
  if (start > 0) form.fill("start", start);
  if (end < library.chosen?.duration) form.fill("end", end);
  await run(past.query, (running) => running.comeBack(runId));
}

async function listModels() {
  listing?.abort();
  listing = new AbortController();
  models.show(await api.models(form.query, listing.signal));
}

async function upload(file) {
  uploading = new AbortController();
  library.complain("");
  const progress = (part) => library.uploading(file.name, part);
  progress(0);
  try {
    const video = await api.upload(file, progress, uploading.signal);
    library.show(await api.videos());
    library.choose(video.id);
  } catch (error) {
    if (error.code !== "cancelled") library.complain(error.message);
  } finally {
    library.uploading(file.name, null);
  }
}

// Of a run that is gone the address should not speak any more.
function forget(error) {
  history.replaceState(null, "", location.pathname + location.search);
  tell(error);
}

function tell(error) {
  if (error.name === "AbortError") return;
  form.complain(error.message);
  if (!(error instanceof ApiError)) throw error; // a fault of this page, for its console
}

api.addEventListener("unauthorized", () => login.ask());

library.element.addEventListener("choose", ({ detail }) => player.show(api.videoUrl(detail.video.id)));
library.element.addEventListener("upload", ({ detail }) => upload(detail.file));
library.element.addEventListener("stop-upload", () => uploading.abort());

let settling;
form.element.addEventListener("words", () => {
  clearTimeout(settling);
  settling = setTimeout(() => listModels().catch(tell), 300);
});
form.element.addEventListener("take-time", ({ detail }) => form.fill(detail.field, player.time));
form.element.addEventListener("ask", ({ detail }) => {
  if (!library.chosen) return form.complain("Choose a video first.");
  if (!models.chosen.length) return form.complain("Choose at least one model.");
  const question = { ...detail, models: models.chosen, video_path: library.chosen.name };
  run(detail.query, (running) => running.ask(question));
  board.element.scrollIntoView();
});

board.element.addEventListener("seek", ({ detail }) => player.seek(detail.from));
board.element.addEventListener("stop", ({ detail }) => {
  api.stopModel(running.session.runId, detail.slot).catch(tell);
});
board.element.addEventListener("stop-all", () => api.stop(running.session.runId).catch(tell));
board.element.addEventListener("reconnect", () => location.reload());

// `?models=…&q=…&video=…` fills the form and asks nothing; `#run=…` comes back to a run.
async function arrive() {
  const address = new URLSearchParams(location.search);
  form.query = address.get("q") ?? "";
  const [videos] = await Promise.all([api.videos(), listModels().catch(tell)]);
  library.show(videos);
  if (address.get("models")) models.choose(readSlots(address.get("models")));
  const runId = new URLSearchParams(location.hash.slice(1)).get("run");
  if (runId) await comeBack(runId).catch(forget);
  if (!library.chosen) library.choose(address.get("video") ?? videos[0]?.id);
}

arrive().catch(tell);
