// Copies a text and says so on the button that was pressed, for a moment.

const MOMENT_MS = 3000;

// `of` is what the button's name goes on with, for those who do not see where it stands.
export async function copyText(text, element, button, of) {
  const before = button.dataset.name ?? (button.dataset.name = button.textContent);
  const name = (words) => {
    button.textContent = words;
    button.ariaLabel = `${words} ${of}`;
  };
  try {
    await navigator.clipboard.writeText(text);
    name("Copied");
  } catch {
    // Without https a browser has no clipboard to write to: the text is marked instead.
    getSelection().selectAllChildren(element);
    name("Marked: press Ctrl+C");
  }
  setTimeout(() => name(before), MOMENT_MS);
}
