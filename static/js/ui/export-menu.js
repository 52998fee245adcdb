// The forms a run can be taken away in, behind one button. Emits `export` {format}.

export class ExportMenu {
  // `element` is a <details>.
  constructor(element) {
    this.element = element;
    element.addEventListener("click", ({ target }) => {
      const format = target.dataset.export;
      if (!format) return;
      element.dispatchEvent(new CustomEvent("export", { bubbles: true, detail: { format } }));
      this.#close();
    });
    element.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close());
  }

  #close() {
    this.element.open = false;
    this.element.firstElementChild.focus();
  }
}
