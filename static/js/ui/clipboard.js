// Copies a text and says so on the button that was pressed.

export async function copyText(text, element, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    // Without https a browser has no clipboard to write to: the text is marked instead.
    getSelection().selectAllChildren(element);
    button.textContent = "Marked: press Ctrl+C";
  }
}
