// A file that was picked or dropped, on its way onto the shelf.

export function uploadInto(library, shelf) {
  let uploading = null;
  shelf.addEventListener("change", () => library.show(shelf.videos));
  library.element.addEventListener("stop-upload", () => uploading?.abort());
  library.element.addEventListener("upload", async ({ detail: { file } }) => {
    uploading = new AbortController();
    library.complain("");
    const progress = (part) => library.uploading(file.name, part);
    progress(0);
    try {
      const video = await shelf.api.upload(file, progress, uploading.signal);
      await shelf.again();
      library.choose(video.id);
    } catch (error) {
      if (error.code !== "cancelled") library.complain(error.message);
    } finally {
      progress(null);
    }
  });
}
