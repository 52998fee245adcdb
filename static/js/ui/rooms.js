// The rooms of the page, one of them shown, and the links that lead to them.

export class RoomTabs {
  shown = null;

  constructor(element, rooms) {
    this.links = Object.fromEntries([...element.querySelectorAll("a")].map((link) => [link.dataset.room, link]));
    this.rooms = rooms;
    this.title = document.title;
  }

  show(name) {
    if (this.shown === name) return;
    const first = this.shown === null;
    this.shown = name;
    for (const [each, { element }] of Object.entries(this.rooms)) {
      element.hidden = each !== name;
      // What cannot be seen should not be heard either.
      if (element.hidden) element.querySelectorAll("video").forEach((video) => video.pause());
      if (each === name) this.links[each].setAttribute("aria-current", "page");
      else this.links[each].removeAttribute("aria-current");
    }
    document.title = `${this.links[name].textContent} · ${this.title}`;
    // Whoever came here by a link hears where they are, and tabs on from there.
    if (!first) this.rooms[name].element.querySelector("h2").focus({ preventScroll: true });
  }

  // Where a room's link leads from now on: to the run that is in it.
  lead(name, address) {
    this.links[name].setAttribute("href", address);
  }
}
