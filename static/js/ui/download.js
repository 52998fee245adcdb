// Hands the reader a file that was made in the page.

export function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  // The browser has taken what it needs once this task is over, and some only a moment later.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
