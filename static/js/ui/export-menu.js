// The forms a run can be taken away in, behind one button. Emits `export` {format}.

const FORMATS = { html: "One HTML page", md: "Markdown", json: "JSON" };

export class ExportMenu {
  // `element` is an empty <details>.
  constructor(element) {
    this.element = element;
    element.append(summary(), items());
    element.addEventListener("click", ({ target }) => {
      const format = target.dataset.export;
      if (!format) return;
      element.dispatchEvent(new CustomEvent("export", { bubbles: true, detail: { format } }));
      this.#close();
    });
    element.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close());
    // Whoever goes on elsewhere is not to find it over what they read.
    const leave = (to) => to && !element.contains(to) && (element.open = false);
    element.addEventListener("focusout", ({ relatedTarget }) => leave(relatedTarget));
    document.addEventListener("pointerdown", ({ target }) => leave(target));
  }

  #close() {
    this.element.open = false;
    this.element.firstElementChild.focus();
  }
}

function summary() {
  const element = document.createElement("summary");
  element.className = "button";
  element.textContent = "Export";
  return element;
}

function items() {
  const element = document.createElement("div");
  element.className = "menu-items";
  for (const [format, label] of Object.entries(FORMATS)) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.export = format;
    button.textContent = label;
    element.append(button);
  }
  return element;
}
