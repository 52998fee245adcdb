// The videos of the server, as all rooms see them. Emits `change`.

export class Shelf extends EventTarget {
  videos = [];

  constructor(api) {
    super();
    this.api = api;
  }

  // Asked of the server once, however many rooms want it, unless it failed.
  load() {
    this.loading ??= this.again().catch((error) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  async again() {
    this.videos = await this.api.videos();
    this.dispatchEvent(new Event("change"));
    return this.videos;
  }
}
