// Files that were picked or dropped, on their way onto the shelf, one after the other.

export function uploadInto(library, shelf) {
  const waiting = [];
  let uploading = null;

  async function send(file) {
    uploading = new AbortController();
    const progress = (part) => library.uploading(file.name, part, waiting.length);
    progress(0);
    const video = await shelf.api.upload(file, progress, uploading.signal);
    await shelf.again();
    library.choose(video.id);
  }

  async function sendAll() {
    const refused = [];
    while (waiting.length) {
      const file = waiting.shift();
      await send(file).catch(({ code, message }) => {
        if (code !== "cancelled") refused.push(`${file.name}: ${message}`);
      });
      library.complain(refused.join("\n"));
    }
    uploading = null;
    library.uploading(null);
  }

  shelf.addEventListener("change", () => library.show(shelf.videos));
  library.element.addEventListener("stop-upload", () => {
    waiting.length = 0;
    uploading?.abort();
  });
  library.element.addEventListener("upload", ({ detail: { files } }) => {
    waiting.push(...files);
    if (uploading) return;
    library.complain("");
    sendAll();
  });
}
