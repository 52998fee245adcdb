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

  // What its reader calls the video of a file; an upload's file has a name of the server's.
  async titles() {
    const videos = await this.load().then(() => this.videos, () => []);
    return new Map(videos.map(({ name, title }) => [name, title ?? name]));
  }

  async again() {
    this.videos = await this.api.videos();
    this.dispatchEvent(new Event("change"));
    return this.videos;
  }
}
