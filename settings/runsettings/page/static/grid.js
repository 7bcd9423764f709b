// A table that draws only the rows in its window. It asks the server for parts of `PART` rows.
import { runAddress } from "./address.js";
import { element, say } from "./elements.js";
import { ask } from "./server.js";
import { filterFor, number, shown } from "./values.js";

const PART = 100;
const MARGIN = 12; // rows that are drawn above and below the window

/**
 * @typedef {{key: string, kind: string}} Column
 * @typedef {{project: string, id: string, values: any[]}} RunRow
 * @typedef {{member: string, values: any[], runs: number, ranges: (any[] | null)[]}} GroupRow
 * @typedef {{state: Record<string, string>, change: (more: Record<string, string>) => void,
 *   choose: (chosen: RunRow[]) => void, signal: AbortSignal}} Given
 */

export class Grid {
  /** @param {Given} given The state of the view, and what to do on changes. */
  constructor(given) {
    this.given = given;
    this.total = 0;
    /** @type {Column[]} */
    this.columns = [];
    this.groups = names(given.state.group);
    /** @type {Map<number, any[]>} The rows by the number of their part. */
    this.parts = new Map();
    /** @type {Map<string, RunRow[]>} The runs of groups that are open. */
    this.open = new Map();
    /** @type {Map<string, RunRow>} */
    this.marked = new Map();
    this.cell = { row: -1, column: 0 }; // the one that has the focus; -1 is the heading
    this.text = "";
    this.head = element("thead");
    this.body = element("tbody");
    this.table = element("table", { class: "grid", role: "grid", "aria-label": this.groups.length ? "Groups of runs" : "Runs", "aria-multiselectable": "true" }, this.head, this.body);
    this.root = element("div", { class: "window" }, this.table);
    this.root.addEventListener("scroll", () => this.draw());
    this.table.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.table.addEventListener("focusin", (/** @type {FocusEvent} */ event) => this.follow(event));
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  /** Reads the rows that are in the window anew; others are read when they come into it. */
  async load() {
    const wanted = this.visible();
    const parts = [...new Set([0, ...wanted])];
    const found = await Promise.all(parts.map((part) => this.read(part)));
    const opened = await Promise.all([...this.open.keys()].map((member) => this.members(member)));
    const text = JSON.stringify([found, opened, this.total]);
    if (text === this.text) return;
    this.text = text;
    this.parts = new Map(parts.map((part, at) => [part, found[at]]));
    this.drawHead();
    this.draw(true);
  }

  /** @returns {RunRow[]} The runs that are marked. */
  chosen() {
    return [...this.marked.values()];
  }

  async read(/** @type {number} */ part) {
    const { where, sort, columns, group } = this.given.state;
    const answer = await ask("table", { where, sort, columns, group, offset: part * PART, limit: PART }, this.given.signal);
    this.total = answer.total;
    this.columns = answer.columns.slice(this.groups.length);
    this.keys = answer.columns.slice(0, this.groups.length);
    return answer.rows;
  }

  async members(/** @type {string} */ member) {
    const { where, sort, columns, group } = this.given.state;
    const answer = await ask("table", { where, sort, columns, group, member, limit: 500 }, this.given.signal);
    this.open.set(member, answer.rows);
    return answer.rows;
  }

  /** The numbers of the parts that are in the window. */
  visible() {
    const [first, last] = this.range();
    const parts = [];
    for (let part = Math.floor(first / PART); part <= Math.floor(Math.max(last - 1, first) / PART); part += 1) parts.push(part);
    return parts;
  }

  get height() {
    return this.body.querySelector("tr.row")?.getBoundingClientRect().height || 27;
  }

  /** The first row to draw, and the one after the last. */
  range() {
    const height = this.height;
    const first = Math.max(0, Math.floor(this.root.scrollTop / height) - MARGIN);
    const count = Math.ceil((this.root.clientHeight || 600) / height) + 2 * MARGIN;
    return [first, Math.min(first + count, this.total || count)];
  }

  drawHead() {
    const order = new Map(names(this.given.state.sort).map((name) => [name.replace(/^-/, ""), name.startsWith("-")]));
    const heading = (/** @type {Column} */ column, /** @type {number} */ at) => {
      const sorted = order.has(column.key) ? (order.get(column.key) ? "descending" : "ascending") : "none";
      const sign = { ascending: " ▲", descending: " ▼", none: "" }[sorted];
      const button = element("button", { type: "button", tabindex: -1, title: `Sort by ${column.key}` }, column.key + sign);
      button.addEventListener("click", (/** @type {MouseEvent} */ event) => this.sort(column.key, event.shiftKey));
      return element("th", { scope: "col", "aria-sort": sorted }, button);
    };
    const columns = this.groups.length ? [...(this.keys ?? []), { key: "runs", kind: "value" }, ...this.columns] : this.columns;
    this.head.replaceChildren(element("tr", { "aria-rowindex": 1 }, ...columns.map((column, at) => (column.key === "runs" && this.groups.length
      ? element("th", { scope: "col", tabindex: -1 }, "runs") : heading(column, at)))));
    this.table.setAttribute("aria-colcount", String(columns.length));
  }

  sort(/** @type {string} */ key, /** @type {boolean} */ more) {
    const order = names(this.given.state.sort);
    const now = order.find((name) => name.replace(/^-/, "") === key);
    const next = now === undefined ? key : now.startsWith("-") ? "" : `-${key}`;
    const rest = more ? order.filter((name) => name !== now) : [];
    this.given.change({ sort: [...rest, next].filter(Boolean).join(",") });
  }

  /** Draws the rows in the window, and asks for those that are not here yet. */
  draw(/** @type {boolean} */ anew = false) {
    const [first, last] = this.range();
    const rows = [];
    for (let at = first; at < last; at += 1) {
      const row = this.parts.get(Math.floor(at / PART))?.[at % PART];
      if (row === undefined && at >= this.total) break;
      rows.push(this.row(row, at));
      if (row?.member !== undefined) for (const run of this.open.get(row.member) ?? []) rows.push(this.runRow(run, at, true));
    }
    const key = `${first} ${last} ${rows.length}`;
    if (!anew && key === this.drawn) return;
    this.drawn = key;
    const height = this.height;
    const space = (/** @type {number} */ count) => {
      const cell = element("td", { class: "space", colspan: 99 });
      cell.style.height = `${count * height}px`;
      return element("tr", { "aria-hidden": "true" }, cell);
    };
    const focused = this.table.contains(document.activeElement);
    this.body.replaceChildren(space(first), ...rows, space(Math.max(this.total - last, 0)));
    this.table.setAttribute("aria-rowcount", String(this.total + 1));
    this.mark(focused);
    for (const part of this.visible()) if (!this.parts.has(part)) this.fill(part);
  }

  async fill(/** @type {number} */ part) {
    this.parts.set(part, []);
    try {
      this.parts.set(part, await this.read(part));
      this.draw(true);
    } catch {
      this.parts.delete(part); // the next look asks again, and says what is wrong
    }
  }

  row(/** @type {any} */ row, /** @type {number} */ at) {
    if (row === undefined) return element("tr", { class: "row", "aria-rowindex": at + 2, "aria-busy": "true" }, element("td", { colspan: 99, class: "quiet" }, "…"));
    return row.member === undefined ? this.runRow(row, at, false) : this.groupRow(row, at);
  }

  runRow(/** @type {RunRow} */ run, /** @type {number} */ at, /** @type {boolean} */ inGroup) {
    const name = JSON.stringify([run.project, run.id]);
    const chosen = this.marked.has(name);
    const cells = this.columns.map((column, index) => this.runCell(run, column, run.values[index]));
    const lead = inGroup ? [element("td", { colspan: this.groups.length + 1 }, element("a", { href: runAddress(run), tabindex: -1 }, run.id))] : [];
    const row = element("tr", { class: `row${inGroup ? " member" : ""}${chosen ? " chosen" : ""}`, "aria-selected": String(chosen), "aria-rowindex": at + 2 }, ...lead, ...cells);
    row.addEventListener("dblclick", () => this.toggle(run));
    row.run = run;
    return row;
  }

  runCell(/** @type {RunRow} */ run, /** @type {Column} */ column, /** @type {any} */ value) {
    const cell = element("td", { class: typeof value === "number" ? "number" : null });
    const text = shown(value, column.kind);
    if (column.key === "id" || column.key === "name") {
      cell.append(element("a", { href: runAddress(run), tabindex: -1 }, text || run.id));
      return cell;
    }
    if (column.kind === "state") cell.classList.add(`state-${text}`);
    const values = column.kind === "list" && Array.isArray(value) ? value : [value];
    values.forEach((each, at) => {
      const filter = filterFor(column.key, each, column.kind);
      const shownText = column.kind === "list" ? shown(each) : text;
      if (at) cell.append(", ");
      if (filter === null) cell.append(shownText);
      else cell.append(element("button", { type: "button", tabindex: -1, title: `Only runs with ${filter}`, on: { click: () => this.filter(filter) } }, shownText));
    });
    return cell;
  }

  groupRow(/** @type {GroupRow} */ group, /** @type {number} */ at) {
    const open = this.open.has(group.member);
    const toggle = async () => {
      if (this.open.has(group.member)) this.open.delete(group.member);
      else await this.members(group.member);
      this.draw(true);
    };
    const keys = group.values.map((value, index) => {
      const text = shown(value, this.keys?.[index]?.kind) || "(none)";
      if (index) return element("td", {}, text);
      const button = element("button", { type: "button", tabindex: -1, "aria-expanded": String(open), on: { click: toggle } }, `${open ? "▾" : "▸"} ${text}`);
      return element("th", { scope: "row" }, button);
    });
    const count = element("td", { class: "number" }, number(group.runs));
    const ranges = group.ranges.map((range, index) => {
      const cell = element("td", { class: "number" });
      if (range !== null) {
        const [mean, least, most] = range;
        cell.append(number(mean));
        if (least !== most) cell.append(" ", element("span", { class: "range" }, `${number(least)} … ${number(most)}`));
      }
      return cell;
    });
    return element("tr", { class: "row group", "aria-rowindex": at + 2 }, ...keys, count, ...ranges);
  }

  filter(/** @type {string} */ filter) {
    const { where } = this.given.state;
    const before = where && /\bor\b/i.test(where) ? `(${where})` : where;
    this.given.change({ where: before ? `${before} and ${filter}` : filter });
  }

  /** Marks a run for comparing, or takes the mark off. */
  toggle(/** @type {RunRow} */ run) {
    const name = JSON.stringify([run.project, run.id]);
    if (!this.marked.delete(name)) this.marked.set(name, run);
    say(this.marked.has(name) ? `${run.id} is chosen` : `${run.id} is not chosen`);
    this.given.choose(this.chosen());
    this.draw(true);
  }

  /** The place of the cell that an event is in. */
  follow(/** @type {FocusEvent} */ event) {
    const cell = /** @type {HTMLElement} */ (event.target).closest("td, th");
    const row = cell?.closest("tr");
    if (!cell || !row) return;
    this.cell = { row: this.rows().indexOf(row), column: [...row.children].indexOf(cell) };
    this.mark(false);
  }

  /** All rows that can have the focus, with the heading. */
  rows() {
    return [...this.head.rows, ...this.body.querySelectorAll("tr.row")];
  }

  /** Lets the tab key reach one cell alone, and gives it the focus if the table has it. */
  mark(/** @type {boolean} */ focus) {
    const rows = this.rows();
    const row = rows[Math.max(0, Math.min(this.cell.row, rows.length - 1))];
    const cell = row?.children[Math.max(0, Math.min(this.cell.column, row.children.length - 1))];
    for (const old of this.table.querySelectorAll('[tabindex="0"]')) old.setAttribute("tabindex", "-1");
    if (!cell) return;
    const target = /** @type {HTMLElement} */ (cell.querySelector("a, button") ?? cell);
    target.setAttribute("tabindex", "0");
    if (focus && target !== document.activeElement) target.focus({ preventScroll: false });
  }

  key(/** @type {KeyboardEvent} */ event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.height) - 2);
    const moves = /** @type {Record<string, [number, number]>} */ ({
      ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1],
      PageDown: [page, 0], PageUp: [-page, 0], Home: [0, -Infinity], End: [0, Infinity],
    });
    const row = /** @type {any} */ (event.target).closest("tr");
    if (event.key === " " && row?.run) {
      event.preventDefault();
      this.toggle(row.run);
      return;
    }
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const rows = this.rows();
    const from = rows.indexOf(row);
    const to = Math.max(0, Math.min(from + move[0], rows.length - 1));
    const width = rows[to].children.length - 1;
    this.cell = { row: to, column: Math.max(0, Math.min(this.cell.column + move[1], width)) };
    this.mark(true);
    // Rows that come into the window are drawn: the place in the list changes, not the row.
    const index = rows[to].getAttribute("aria-rowindex");
    rows[to].scrollIntoView({ block: "nearest" });
    this.draw();
    const again = this.rows().findIndex((each) => each.getAttribute("aria-rowindex") === index);
    if (again >= 0 && again !== this.cell.row) {
      this.cell.row = again;
      this.mark(true);
    }
  }
}

/** @param {string | undefined} text Keys with commas between them. @returns {string[]} The keys. */
function names(text) {
  return (text ?? "").split(",").map((name) => name.trim()).filter(Boolean);
}
