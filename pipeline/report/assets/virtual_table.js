// A table of any length: only the rows in sight are in the page. Arrow keys move, Enter opens, headings sort.

class VirtualTable {
  static ROW = 42;
  static PRINTED = 200;
  static LEAST = "6.2rem"; // a column holds the longest of our own words; a narrow window scrolls
  static count = 0;

  // columns: [{ name, width in parts or as CSS, cell: (row) => string or node, sort: (row) => value }]; open: (row) => void
  constructor(place, { label, columns, open, height = 420 }) {
    Object.assign(this, { columns, open, rows: [], current: 0, order: null, id: `grid${VirtualTable.count++}` });
    this.template = columns.map(({ width }) => (typeof width === "string" ? width : `minmax(${VirtualTable.LEAST}, ${width}fr)`)).join(" ");
    const least = columns.map(({ width }) => (typeof width === "string" ? width : VirtualTable.LEAST)).join(" + ");
    this.headings = columns.map((column, index) => el("span", { role: "columnheader" },
      el("button", { type: "button", onclick: () => this.sortBy(index) }, column.name)));
    this.head = el("div", { class: "head", role: "row", style: `grid-template-columns: ${this.template}` }, ...this.headings);
    this.body = el("div", { class: "body", role: "rowgroup" });
    this.grid = el("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": label, style: `max-height: ${height}px; --least: calc(${least} + ${columns.length - 1} * .8rem + 1.4rem)` },
      this.head, this.body);
    this.printed = el("table", { class: "printed" });
    place.replaceChildren(this.grid, this.printed);
    this.label = label;
    this.grid.addEventListener("scroll", () => this.draw());
    this.grid.addEventListener("keydown", (event) => this.press(event));
    addEventListener("beforeprint", () => this.drawPrinted());
    addEventListener("afterprint", () => this.printed.replaceChildren());
    addEventListener("resize", () => this.draw());
  }

  show(rows) {
    this.rows = rows;
    this.current = 0;
    this.sort();
    this.grid.setAttribute("aria-rowcount", rows.length + 1);
    this.grid.scrollTop = 0;
    this.draw();
  }

  sortBy(index) {
    const up = this.order?.index === index ? !this.order.up : true;
    this.order = { index, up };
    this.headings.forEach((heading, each) => {
      if (each === index) heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      else heading.removeAttribute("aria-sort");
    });
    this.show(this.rows);
  }

  sort() {
    if (!this.order) return;
    const { index, up } = this.order;
    const key = this.columns[index].sort;
    const empty = (value) => value === null || value === undefined || value === "";
    const keyed = this.rows.map((row) => [key(row), row]);
    keyed.sort(([a], [b]) => {
      if (empty(a) || empty(b)) return empty(a) - empty(b);
      return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1);
    });
    this.rows = keyed.map(([, row]) => row);
  }

  draw() {
    const height = VirtualTable.ROW, total = this.rows.length;
    this.body.style.height = `${total * height}px`;
    if (!total) { this.body.replaceChildren(el("div", { class: "none" }, "Nothing here.")); this.body.style.height = "3rem"; return; }
    const first = Math.max(Math.floor(this.grid.scrollTop / height) - 5, 0);
    const last = Math.min(first + Math.ceil(this.grid.clientHeight / height) + 10, total);
    const drawn = [];
    for (let index = first; index < last; index += 1) drawn.push(this.row(index));
    this.body.replaceChildren(...drawn);
    this.grid.setAttribute("aria-activedescendant", `${this.id}-${this.current}`);
  }

  row(index) {
    const row = this.rows[index];
    return el("div", {
      id: `${this.id}-${index}`, class: index === this.current ? "row current" : "row", role: "row", "aria-rowindex": index + 2,
      style: `grid-template-columns: ${this.template}; top: ${index * VirtualTable.ROW}px; height: ${VirtualTable.ROW}px`,
      onclick: () => { this.current = index; this.draw(); this.open(row); },
    }, ...this.columns.map((column) => el("span", { role: "gridcell" }, column.cell(row))));
  }

  press(event) {
    if (event.target !== this.grid || !this.rows.length) return;
    const page = Math.max(Math.floor(this.grid.clientHeight / VirtualTable.ROW) - 2, 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.key === "Enter") { event.preventDefault(); this.open(this.rows[this.current]); return; }
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.current = Math.min(Math.max(this.current + steps[event.key], 0), this.rows.length - 1);
    const top = this.current * VirtualTable.ROW, room = this.grid.clientHeight - 2 * VirtualTable.ROW;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
    this.draw();
  }

  drawPrinted() {
    const some = this.rows.slice(0, VirtualTable.PRINTED);
    const text = (cell) => (typeof cell === "string" ? cell : cell.textContent);
    this.printed.replaceChildren(
      el("caption", {}, `${this.label}: ${some.length} of ${this.rows.length}`),
      el("thead", {}, el("tr", {}, ...this.columns.map((column) => el("th", {}, column.name)))),
      el("tbody", {}, ...some.map((row) => el("tr", {}, ...this.columns.map((column) => el("td", {}, text(column.cell(row))))))));
  }
}
