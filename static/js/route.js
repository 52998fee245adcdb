// What an address asks for: a room, a run in it, and what to fill its form with.
//
// `#room=compare&run=…` comes back to a run; `?models=…&q=…&video=…` only fills the form.

import { readSlots } from "./slots.js";

export const ROOMS = ["watch", "compare", "commentary"];

export function readRoute({ search = "", hash = "" }) {
  const asked = new URLSearchParams(search);
  const here = new URLSearchParams(hash.slice(1));
  const room = here.get("room") ?? (here.get("run") ? "watch" : asked.get("room"));
  return {
    room: ROOMS.includes(room) ? room : "watch",
    run: here.get("run") || null,
    query: asked.get("q") ?? "",
    models: asked.get("models") ? readSlots(asked.get("models")) : null,
    video: asked.get("video"),
  };
}

export function writeRoute(room, run) {
  const parts = [];
  if (room !== "watch" || !run) parts.push(`room=${room}`);
  if (run) parts.push(`run=${encodeURIComponent(run)}`);
  return `#${parts.join("&")}`;
}
