// The figures of a run as a table that can be put in order by any column.

import { cellOf, COLUMNS, ranked } from "../ranking.js";
import { namesOf } from "../session.js";

export class Figures {
  #models = [];
  #column = null;
  #descending = false;

  constructor(element) {
    this.element = element;
    const head = element.createTHead().insertRow();
    for (const column of COLUMNS) {
      const cell = document.createElement("th");
      const button = document.createElement("button");
      cell.scope = "col";
      button.type = "button";
      button.textContent = column.label;
      button.addEventListener("click", () => this.#sortBy(column));
      cell.append(button);
      head.append(cell);
    }
    this.body = element.createTBody();
  }

  show(models) {
    const names = namesOf(models);
    this.#models = models.map((model) => ({ ...model, label: names.get(model.slot) }));
    this.#column = null;
    this.#draw();
  }

  #sortBy(column) {
    this.#descending = this.#column === column ? !this.#descending : column.down === true;
    this.#column = column;
    this.#draw();
  }

  #draw() {
    const column = this.#column;
    const heads = this.element.tHead.rows[0].cells;
    COLUMNS.forEach((each, number) => {
      heads[number].ariaSort = each !== column ? "none" : this.#descending ? "descending" : "ascending";
    });
    const models = column ? ranked(this.#models, column, this.#descending) : this.#models;
    this.body.replaceChildren(...models.map((model) => this.#row(model)));
  }

  #row(model) {
    const row = document.createElement("tr");
    COLUMNS.forEach((column, number) => {
      const cell = document.createElement(number ? "td" : "th");
      if (!number) cell.scope = "row";
      cell.textContent = cellOf(model, column);
      cell.classList.toggle("silent", (column.of(model) ?? null) === null);
      row.append(cell);
    });
    return row;
  }
}
