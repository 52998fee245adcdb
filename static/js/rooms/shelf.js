// The videos of the server, as all rooms see them. Emits `change`.

export class Shelf extends EventTarget {
  videos = [];

  constructor(api) {
    super();
    this.api = api;
  }

  // Asked of the server once, however many rooms want it.
  load() {
    return (this.loading ??= this.again());
  }

  async again() {
    this.videos = await this.api.videos();
    this.dispatchEvent(new Event("change"));
    return this.videos;
  }
}
