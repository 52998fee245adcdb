// Where the markup names its parts: `data-part="name"` inside one element.

export function parts(root) {
  const found = {};
  for (const part of root.querySelectorAll("[data-part]")) found[part.dataset.part] = part;
  return found;
}

export const fromTemplate = (template) => template.content.firstElementChild.cloneNode(true);

// Text, or no element at all: an empty line would still take its place.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
  element.hidden = !text;
}

// Takes an element away, or brings it back. The focus it had goes to `heir`: lost, it would
// begin again at the top of the page.
export function hide(element, hidden, heir) {
  const held = hidden && element.contains(document.activeElement);
  element.hidden = hidden;
  if (held) heir.focus({ preventScroll: true });
}

// A button that rests keeps the focus; one that is disabled loses it.
export const rest = (button, resting) => (button.ariaDisabled = resting ? "true" : null);
export const rests = (button) => button.ariaDisabled === "true";
