// Wires the rooms together: which one is shown, and which run the address speaks of.

import { Api, ApiError } from "./api.js";
import { readRoute, writeRoute } from "./route.js";
import { CommentaryRoom } from "./rooms/commentary.js";
import { CompareRoom } from "./rooms/compare.js";
import { Shelf } from "./rooms/shelf.js";
import { WatchRoom } from "./rooms/watch.js";
import { LoginDialog } from "./ui/login.js";
import { PastRuns } from "./ui/past.js";
import { RoomTabs } from "./ui/rooms.js";
import { Unseen } from "./unseen.js";

const id = (name) => document.getElementById(name);

const api = new Api();
const login = new LoginDialog(id("login"), (token) => api.login(token));
api.addEventListener("unauthorized", () => login.ask());

function tell(error, form) {
  if (error.name === "AbortError") return;
  form.complain(error.message);
  if (!(error instanceof ApiError)) throw error; // a fault of this page, for its console
}

const all = { api, id, tell, shelf: new Shelf(api), unseen: new Unseen() };
const rooms = {
  watch: new WatchRoom(id("watch"), all),
  compare: new CompareRoom(id("compare"), all),
  commentary: new CommentaryRoom(id("commentary"), all),
};
const roomOf = (kind) => Object.keys(rooms).find((name) => rooms[name].kind === kind) ?? null;

const tabs = new RoomTabs(id("rooms"), rooms);
const past = new PastRuns(id("past"), id("past-run"), pageOfRuns, (run) => {
  const room = roomOf(run.kind);
  return room && writeRoute(room, run.run_id);
});
async function pageOfRuns(before) {
  const [page, titles] = await Promise.all([api.runs(before), all.shelf.titles()]);
  return { ...page, runs: page.runs.map((run) => ({ ...run, video: titles.get(run.video) ?? run.video })) };
}
id("show-past").addEventListener("click", () => past.open());

const prepared = {}; // room -> a promise
let arrivals = 0;

async function arrive() {
  const mine = (arrivals += 1);
  const stale = () => mine !== arrivals; // another address was come to meanwhile
  const route = readRoute(location);
  const name = route.room;
  const room = rooms[name];
  tabs.show(name);
  try {
    await (prepared[name] ??= room.prepare(route));
  } catch (error) {
    prepared[name] = null; // tried again when it is entered again
    room.tell(error);
  }
  try {
    if (!stale() && route.run && route.run !== room.runs.id) await comeBack(route.run, room, stale);
  } catch (error) {
    // Of a run that is gone the address should not speak any more.
    if (error.status === 404 && !stale()) speakOf(name, room.runs.id);
    if (!stale() || !(error instanceof ApiError)) room.tell(error);
  }
}

async function comeBack(runId, room, stale) {
  const run = await api.run(runId);
  if (stale()) return;
  const name = roomOf(run.kind);
  if (name && rooms[name] !== room) location.replace(writeRoute(name, runId));
  else await room.comeBack(run, stale);
}

// Replaced, not pushed: a reload comes back to the run, the back button leaves the page.
function speakOf(name, runId) {
  const address = writeRoute(name, runId);
  if (tabs.shown === name && location.hash !== address) history.replaceState(null, "", address);
  tabs.lead(name, address);
}

for (const [name, room] of Object.entries(rooms)) {
  room.runs.addEventListener("run", () => speakOf(name, room.runs.id));
}
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address goes on naming the run
  id("main").focus();
});
// A file that misses the place for it would be opened by the browser, instead of this page.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => {
    if (event.defaultPrevented || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
window.addEventListener("hashchange", arrive);
arrive();
