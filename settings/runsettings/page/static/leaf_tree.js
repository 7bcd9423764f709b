// A tree of values: each leaf with the place that set it, and below it the values that it beat.
import { fileAddress } from "./address.js";
import { element } from "./elements.js";
import { number } from "./values.js";

/**
 * @typedef {{path: string, line: number}} Copy
 * @typedef {{value?: any, layer: string, place: string, copy: Copy | null}} Place
 * @typedef {Place & {beaten: Place[]}} Leaf
 * @typedef {{project: string, id: string}} Run
 */

/**
 * A table of leaves as a tree. The inner nodes can be closed.
 * @param {string} title What it is.
 * @param {Record<string, Leaf>} found The leaves by key path.
 * @param {Run} run The run, for links to its files.
 * @returns {HTMLElement} The table.
 */
export function leafTree(title, found, run) {
  const entries = Object.entries(found);
  if (!entries.length) return element("p", { class: "quiet" }, "none");
  const body = element("tbody");
  /** @type {Set<string>} The inner nodes that are closed. */
  const closed = new Set();
  /** @type {Map<string, HTMLElement[]>} The rows by the inner node that they are in. */
  const below = new Map();
  const update = () => {
    for (const [node, rows] of below) {
      const hidden = parents(node).concat(node).some((each) => closed.has(each));
      for (const row of rows) row.hidden = hidden;
    }
  };
  const add = (/** @type {HTMLElement} */ row, /** @type {string[]} */ path) => {
    body.append(row);
    if (!path.length) return;
    const node = path.join(".");
    const rows = below.get(node) ?? [];
    rows.push(row);
    below.set(node, rows);
  };
  /** @type {Set<string>} */
  const made = new Set();
  for (const [key, leaf] of entries) {
    const path = key.split(".");
    for (let depth = 1; depth < path.length; depth += 1) {
      const node = path.slice(0, depth).join(".");
      if (made.has(node)) continue;
      made.add(node);
      add(nodeRow(node, depth - 1, closed, update), path.slice(0, depth - 1));
    }
    add(leafRow(key, leaf, path.length - 1, run), path.slice(0, -1));
    for (const each of leaf.beaten) {
      const row = element("tr", { class: "beaten" }, element("td", { class: "key" }, "over"), ...cells(each, run));
      indent(row, path.length);
      add(row, path.slice(0, -1));
    }
  }
  const head = element("thead", {}, element("tr", {}, ...["key", "value", "layer", "set at"].map((name) => element("th", { scope: "col" }, name))));
  return scrolled(title, element("table", { class: "leaves", "aria-label": title }, head, body));
}

/**
 * Puts a table into a box that scrolls sideways on a narrow screen, also by keyboard.
 * @param {string} title What the table has.
 * @param {HTMLElement} table The table.
 * @returns {HTMLElement} The box.
 */
export function scrolled(title, table) {
  return element("div", { class: "scrolled", role: "region", "aria-label": `${title}, scrollable`, tabindex: 0 }, table);
}

/**
 * The place that set a value; a link to the line of the file, if the run has a copy of it.
 * @param {Place} place The place.
 * @param {Run} run The run.
 * @returns {Node | string} The link, or the text.
 */
export function placeLink(place, run) {
  if (!place.copy) return place.place;
  return element("a", { href: fileAddress(run, place.copy.path, place.copy.line) }, place.place);
}

/** @param {Place} place @param {Run} run */
function cells(place, run) {
  const value = place.value === undefined ? element("i", {}, "removed") : literal(place.value);
  return [
    element("td", { class: "value" }, value),
    element("td", {}, place.layer ? element("span", { class: "layer" }, place.layer) : ""),
    element("td", { class: "place" }, placeLink(place, run)),
  ];
}

/**
 * A value as text that tells its type.
 * @param {any} value A JSON value.
 * @returns {string} The text: a text that could be another value is in quotes.
 */
export function literal(value) {
  if (typeof value === "number") return number(value);
  const isPlain = typeof value === "string" && /^[\p{L}/][\p{L}\p{N}_./ -]*$/u.test(value) && !/^(true|false|null|none)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

/** @param {string} key @param {Leaf} leaf @param {number} depth @param {Run} run */
function leafRow(key, leaf, depth, run) {
  const name = element("th", { scope: "row", class: "key", title: key }, key.slice(key.lastIndexOf(".") + 1));
  const row = element("tr", {}, name, ...cells(leaf, run));
  indent(row, depth);
  return row;
}

/** @param {string} node @param {number} depth @param {Set<string>} closed @param {() => void} update */
function nodeRow(node, depth, closed, update) {
  const button = element("button", { type: "button", class: "node", "aria-expanded": "true" }, node.slice(node.lastIndexOf(".") + 1));
  button.addEventListener("click", () => {
    if (!closed.delete(node)) closed.add(node);
    button.setAttribute("aria-expanded", String(!closed.has(node)));
    update();
  });
  const row = element("tr", { class: "inner" }, element("th", { scope: "row", class: "key", colspan: 4 }, button));
  indent(row, depth);
  return row;
}

/** @param {HTMLElement} row @param {number} depth */
function indent(row, depth) {
  row.style.setProperty("--depth", String(depth));
}

/** @param {string} node A key path. @returns {string[]} The paths of the nodes above it. */
function parents(node) {
  const parts = node.split(".");
  return parts.slice(1).map((_, at) => parts.slice(0, at + 1).join("."));
}
