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
