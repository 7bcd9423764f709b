// A table that draws only the rows in its window. The runs of an open group are rows of it too.
import { runAddress } from "./address.js";
import { element, say } from "./elements.js";
import { Rows } from "./rows.js";
import { filterFor, number, shown } from "./values.js";

const MARGIN = 12; // rows that are drawn above and below the window

/**
 * @typedef {{key: string, kind: string}} Column
 * @typedef {{project: string, id: string, name: string, values: any[]}} RunRow
 * @typedef {{member: string, values: any[], runs: number, ranges: (any[] | null)[]}} GroupRow
 * @typedef {{state: Record<string, string>, change: (more: Record<string, string>) => void,
 *   choose: (chosen: RunRow[]) => void, signal: AbortSignal}} Given
 */

export class Grid {
  /** @param {Given} given The state of the view, and what to do on changes. */
  constructor(given) {
    this.given = given;
    this.groups = names(given.state.group);
    this.rows = new Rows(given.state, given.signal);
    /** @type {Map<string, Rows>} The runs of the groups that are open. */
    this.open = new Map();
    /** @type {Map<string, RunRow>} */
    this.marked = new Map();
    // The cell that has the focus: the place of its row in the table, or -1 for the heading.
    this.cell = { row: -1, column: 0 };
    this.text = "";
    this.drawn = ""; // which rows are drawn
    this.head = element("thead");
    this.body = element("tbody");
    this.table = element("table", { class: "grid", role: "grid", "aria-label": this.groups.length ? "Groups of runs" : "Runs", "aria-multiselectable": "true" }, this.head, this.body);
    this.root = element("div", { class: "window", tabindex: -1 }, this.table);
    this.root.addEventListener("scroll", () => this.draw());
    this.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.table.addEventListener("focusin", (/** @type {FocusEvent} */ event) => this.follow(event));
    new ResizeObserver(() => this.draw()).observe(this.root);
  }

  /** Reads the rows that are in the window anew; others are read when they come into it. */
  async load() {
    const opened = this.opened();
    /** @type {Map<Rows, number[]>} */
    const wanted = new Map([this.rows, ...opened].map((list) => [list, []]));
    const [first, last] = this.range();
    for (let at = first; at < last; at += 1) {
      const [list, number] = this.find(at, opened);
      wanted.get(list)?.push(number);
    }
    const found = await Promise.all([...wanted].map(([list, numbers]) => list.read(numbers)));
    const text = JSON.stringify(found);
    if (text === this.text) return;
    this.text = text;
    [...wanted.keys()].forEach((list, at) => list.take(found[at]));
    this.drawHead();
    this.draw(true);
  }

  /** The number of rows of the view, without the runs of open groups. */
  get total() {
    return this.rows.total;
  }

  /** @returns {Column[]} The columns, without the keys of groups. */
  get columns() {
    return this.rows.columns.slice(this.groups.length);
  }

  /** The open groups, in the order of the table. */
  opened() {
    if (!this.open.size) return [];
    for (let number = 0; number < this.total; number += 1) {
      const group = this.open.get(this.rows.at(number)?.member);
      if (group) group.number = number;
    }
    return [...this.open.values()].sort((a, b) => a.number - b.number);
  }

  /** The number of rows, with the runs of open groups. */
  get count() {
    return [...this.open.values()].reduce((sum, group) => sum + group.total, this.total);
  }

  /**
   * Finds the row at a place in the table.
   * @param {number} at The place. @param {Rows[]} opened The open groups, from `opened`.
   * @returns {[Rows, number]} The list that it is in, and its number there.
   */
  find(at, opened) {
    let before = 0;
    for (const group of opened) {
      const first = group.number + before + 1;
      if (at < first) break;
      if (at < first + group.total) return [group, at - first];
      before += group.total;
    }
    return [this.rows, at - before];
  }

  /** @returns {RunRow[]} The runs that are marked. */
  chosen() {
    return [...this.marked.values()];
  }

  get height() {
    return this.body.querySelector("tr.row")?.getBoundingClientRect().height || 27;
  }

  /** The first row to draw, and the one after the last. */
  range() {
    const height = this.height;
    const first = Math.max(0, Math.floor(this.root.scrollTop / height) - MARGIN);
    const count = Math.ceil((this.root.clientHeight || 600) / height) + 2 * MARGIN;
    return [first, Math.min(first + count, this.count || count)];
  }

  /** Draws the headings, those of numbers at the side where the numbers are. */
  drawHead() {
    const focused = this.head.contains(document.activeElement);
    const order = new Map(names(this.given.state.sort).map((name) => [name.replace(/^-/, ""), name.startsWith("-")]));
    const heading = (/** @type {Column} */ column, /** @type {boolean} */ numeric) => {
      const sorted = order.has(column.key) ? (order.get(column.key) ? "descending" : "ascending") : "none";
      const sign = { ascending: " ▲", descending: " ▼", none: "" }[sorted];
      const button = element("button", { type: "button", tabindex: -1, title: `Sort by ${column.key}` }, column.key + sign);
      button.addEventListener("click", (/** @type {MouseEvent} */ event) => this.sort(column.key, event.shiftKey));
      return element("th", { scope: "col", "aria-sort": sorted, class: numeric ? "number" : null }, button);
    };
    const keys = this.rows.columns.slice(0, this.groups.length).map((column) => heading(column, false));
    const count = this.groups.length ? [element("th", { scope: "col", tabindex: -1, class: "number" }, "runs")] : [];
    const headings = [...keys, ...count, ...this.columns.map((column, at) => heading(column, this.isNumeric(at)))];
    this.head.replaceChildren(element("tr", { "aria-rowindex": 1 }, ...headings));
    this.table.setAttribute("aria-colcount", String(headings.length));
    if (focused) this.mark(true);
  }

  /** @param {number} at The place of a column. @returns {boolean} Whether its first value is a number. */
  isNumeric(at) {
    const rows = this.rows.parts.get(0) ?? [];
    if (this.groups.length) return rows.some((row) => row.ranges[at]);
    return typeof rows.find((row) => row.values[at] !== null)?.values[at] === "number";
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
    const opened = this.opened();
    const rows = [];
    for (let at = first; at < Math.min(last, this.count); at += 1) {
      const [list, number] = this.find(at, opened);
      rows.push(this.row(list.at(number), at, list !== this.rows));
      list.fill(number, () => this.draw(true));
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
    const focused = this.root.contains(document.activeElement);
    this.body.replaceChildren(space(first), ...rows, space(Math.max(this.count - last, 0)));
    this.table.setAttribute("aria-rowcount", String(this.count + 1));
    this.mark(focused);
  }

  row(/** @type {any} */ row, /** @type {number} */ at, /** @type {boolean} */ inGroup) {
    if (row === undefined) return element("tr", { class: "row", "aria-rowindex": at + 2, "aria-busy": "true" }, element("td", { colspan: 99, class: "quiet" }, "…"));
    return row.member === undefined ? this.runRow(row, at, inGroup) : this.groupRow(row, at);
  }

  runRow(/** @type {RunRow} */ run, /** @type {number} */ at, /** @type {boolean} */ inGroup) {
    const name = JSON.stringify([run.project, run.id]);
    const chosen = this.marked.has(name);
    const cells = this.columns.map((column, index) => this.runCell(run, column, run.values[index]));
    const lead = inGroup ? [element("td", { colspan: this.groups.length + 1 }, element("a", { href: runAddress(run), tabindex: -1 }, run.id), " ", element("span", { class: "quiet" }, run.name === run.id ? "" : run.name))] : [];
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
      if (!this.open.delete(group.member)) {
        const runs = new Rows(this.given.state, this.given.signal, group.member);
        try {
          runs.take(await runs.read([]));
        } catch (error) {
          say(/** @type {Error} */ (error).message);
          return;
        }
        this.open.set(group.member, runs);
      }
      this.draw(true);
    };
    const keys = group.values.map((value, index) => {
      const text = shown(value, this.rows.columns[index]?.kind) || "(none)";
      if (index) return element("td", {}, text);
      const button = element("button", { type: "button", tabindex: -1, "aria-expanded": String(open), on: { click: toggle } }, `${open ? "▾" : "▸"} ${text}`);
      return element("th", { scope: "row" }, button);
    });
    const count = element("td", { class: "number" }, number(group.runs));
    const ranges = group.ranges.map((range, index) => {
      const cell = element("td", { class: "number" });
      if (range !== null) {
        const kind = this.columns[index]?.kind;
        const [mean, least, most] = range.map((value) => shown(value, kind));
        cell.append(mean);
        if (least !== most) cell.append(" ", element("span", { class: "range" }, `${least} … ${most}`));
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

  /** Gives the focus to a cell, or to the one nearest to it. */
  focus(/** @type {{row: number, column: number}} */ cell) {
    this.cell = { row: Math.min(cell.row, this.count - 1), column: cell.column };
    this.mark(true);
  }

  /** The place of the cell that an event is in. */
  follow(/** @type {FocusEvent} */ event) {
    const cell = placeOf(/** @type {HTMLElement} */ (event.target));
    if (!cell) return;
    this.cell = cell;
    this.mark(false);
  }

  /**
   * Lets the tab key reach one cell alone, and gives it the focus if the table has it. While its row
   * is out of the window, the window has the focus: a scrolled table must not scroll back.
   */
  mark(/** @type {boolean} */ focus) {
    const found = this.table.querySelector(`tr[aria-rowindex="${this.cell.row + 2}"]`);
    const row = found ?? this.head.rows[0];
    const cell = row?.children[Math.max(0, Math.min(this.cell.column, row.children.length - 1))];
    for (const old of this.table.querySelectorAll('[tabindex="0"]')) old.setAttribute("tabindex", "-1");
    if (!cell) return;
    const target = /** @type {HTMLElement} */ (cell.querySelector("a, button") ?? cell);
    target.setAttribute("tabindex", "0");
    const focused = found ? target : this.root;
    if (focus && focused !== document.activeElement) focused.focus({ preventScroll: true });
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
    const at = Math.max(-1, Math.min(this.cell.row + move[0], this.count - 1));
    this.cell.row = at;
    this.show(at);
    const drawn = this.table.querySelector(`tr[aria-rowindex="${at + 2}"]`);
    const width = (drawn?.children.length ?? 1) - 1;
    this.cell.column = Math.max(0, Math.min(this.cell.column + move[1], width));
    this.mark(true);
  }

  /** Scrolls until a row is in the window, below the heading. */
  show(/** @type {number} */ at) {
    const top = Math.max(at, 0) * this.height;
    const most = this.root.clientHeight - this.head.getBoundingClientRect().height - this.height;
    this.root.scrollTop = Math.min(top, Math.max(this.root.scrollTop, top - most));
    this.draw();
  }
}

/**
 * The place of a cell in a table: of its row, and in its row.
 * @param {Element | null} inside What is in the cell.
 * @returns {{row: number, column: number} | null} The place, or null for other elements.
 */
export function placeOf(inside) {
  const cell = inside?.closest(".grid td, .grid th");
  const row = cell?.closest("tr");
  return cell && row ? { row: Number(row.getAttribute("aria-rowindex")) - 2, column: [...row.children].indexOf(cell) } : null;
}

/** @param {string | undefined} text Keys with commas between them. @returns {string[]} The keys. */
function names(text) {
  return (text ?? "").split(",").map((name) => name.trim()).filter(Boolean);
}
