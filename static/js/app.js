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

const id = (name) => document.getElementById(name);

const api = new Api();
const login = new LoginDialog(id("login"), (token) => api.login(token));
api.addEventListener("unauthorized", () => login.ask());

function tell(error, form) {
  if (error.name === "AbortError") return;
  form.complain(error.message);
  if (!(error instanceof ApiError)) throw error; // a fault of this page, for its console
}

const shelf = new Shelf(api);
const rooms = {
  watch: new WatchRoom(id("watch"), { api, id, tell, shelf }),
  compare: new CompareRoom(id("compare"), { api, id, tell }),
  commentary: new CommentaryRoom(id("commentary"), { api, id, tell, shelf }),
};
const roomOf = (kind) => Object.keys(rooms).find((name) => rooms[name].kind === kind) ?? null;

const tabs = new RoomTabs(id("rooms"), rooms);
const past = new PastRuns(id("past"), id("past-run"), (before) => api.runs(before), (run) => {
  const room = roomOf(run.kind);
  return room && writeRoute(room, run.run_id);
});
id("show-past").addEventListener("click", () => past.open());

const prepared = {}; // room -> a promise

async function arrive() {
  const route = readRoute(location);
  const name = route.room;
  const room = rooms[name];
  tabs.show(name);
  prepared[name] ??= room.prepare(route);
  try {
    await prepared[name];
    if (route.run && route.run !== room.runs.id) await comeBack(route.run, room);
  } catch (error) {
    // Of a run that is gone the address should not speak any more.
    if (error.status === 404) speakOf(name, room.runs.id);
    room.tell(error);
  }
}

async function comeBack(runId, room) {
  const run = await api.run(runId);
  const name = roomOf(run.kind);
  if (name && rooms[name] !== room) location.replace(writeRoute(name, runId));
  else await room.comeBack(run);
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
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address goes on naming the run
  id("main").focus();
});
window.addEventListener("hashchange", arrive);
arrive();
