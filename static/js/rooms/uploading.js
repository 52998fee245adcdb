// A file that was picked or dropped, on its way into the library.

export function uploadInto(library, api) {
  let uploading = null;
  library.element.addEventListener("stop-upload", () => uploading?.abort());
  library.element.addEventListener("upload", async ({ detail: { file } }) => {
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
      progress(null);
    }
  });
}
