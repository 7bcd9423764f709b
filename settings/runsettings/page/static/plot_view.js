// A picture of runs by some of their keys, and a table of the same values.
import { addressOf, go, runAddress, state } from "./address.js";
import { chooseColumns } from "./columns_dialog.js";
import { element, say } from "./elements.js";
import { onLook } from "./palette.js";
import { scaleOf, svg } from "./scales.js";
import { ask } from "./server.js";
import { counted, shown } from "./values.js";

/**
 * @typedef {Record<string, any>} Row The values of a run by key, with its project, id and name.
 * @typedef {{row: Row, mark: SVGElement}} Mark A run in the picture.
 * @typedef {{title: string, most: number, least: number, log: boolean, choose: (known: string[]) => string[],
 *   draw: (picture: SVGElement, rows: Row[], keys: string[], size: {width: number, height: number}) => Mark[]}} Kind
 */

const RUNS = 2000; // that are drawn
const ROWS = 300; // of the table

/**
 * Shows a picture of runs.
 * @param {HTMLElement} main Where. @param {AbortSignal} signal Ends the view. @param {Kind} kind What is drawn.
 */
export async function plotView(main, signal, kind) {
  document.title = kind.title;
  const asked = state();
  const known = await ask("keys", {}, signal);
  const keys = asked.keys ? asked.keys.split(",").slice(0, kind.most) : kind.choose(known);
  const where = element("input", { class: "code", name: "where", list: "keys", value: asked.where ?? "", placeholder: "config.lr < 0.1 and state = finished", spellcheck: "false", autocomplete: "off" });
  const choose = element("button", { type: "button" }, "Keys…");
  choose.addEventListener("click", async () => {
    const found = await chooseColumns(known, keys, `Keys: ${kind.least} to ${kind.most}`);
    choose.focus();
    if (found) go({ ...state(), keys: found.slice(0, kind.most).join(",") });
  });
  const boxes = kind.log ? ["logx", "logy"].map((name, at) => {
    const box = element("input", { type: "checkbox", name, checked: asked[name] === "1", on: { change: () => go({ ...state(), [name]: box.checked ? "1" : "" }) } });
    return element("label", { class: "box" }, box, ["Log x", "Log y"][at]);
  }) : [];
  const names = ["project", "id", "name"];
  const columns = [...new Set([...names, ...keys])].join(",");
  const copies = ["csv", "json"].map((form) => element("a", { href: addressOf({ where: asked.where, sort: asked.sort, columns }).replace("/", `/table.${form}`), download: `runs.${form}` }, form.toUpperCase()));
  const form = element("form", { class: "tools", role: "search", on: { submit: (/** @type {Event} */ event) => { event.preventDefault(); go({ ...state(), where: where.value.trim() }); } } },
    element("label", { class: "wide" }, "Filter", where), element("button", { type: "submit" }, "Apply"), choose, ...boxes,
    element("span", { class: "copies" }, ...copies),
    element("datalist", { id: "keys" }, ...known.map((/** @type {string} */ name) => element("option", { value: name }))));
  const error = element("p", { class: "error", role: "alert" });
  const picture = /** @type {any} */ (svg("svg", { "aria-hidden": "true" }));
  const box = element("div", { class: "picture", tabindex: 0, role: "group", "aria-label": `${kind.title}: ${keys.join(", ")}. The arrow keys go from run to run, Enter opens one.` }, picture);
  const reading = element("p", { class: "reading quiet" });
  const table = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Data" });
  const data = element("details", { class: "data" }, element("summary", {}, "Data"), table);
  const before = document.activeElement?.getAttribute("name");
  main.replaceChildren(form, error, element("div", { class: "page wide" }, element("h1", { class: "unseen" }, kind.title), element("figure", { class: "chart" }, box, reading, data)));
  if (before) /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(before)}"]`))?.focus();
  /** @type {Row[]} */
  let rows = [];
  /** @type {Mark[]} */
  let marks = [];
  let now = -1;
  const draw = () => {
    const size = { width: box.clientWidth || 600, height: Math.max(280, Math.min(560, box.clientWidth * 0.6, innerHeight - 220)) };
    for (const [name, value] of Object.entries({ ...size, viewBox: `0 0 ${size.width} ${size.height}` })) picture.setAttribute(name, value);
    picture.replaceChildren();
    marks = kind.draw(picture, rows.slice(0, RUNS), keys, size);
    mark(Math.min(now, marks.length - 1));
  };
  const text = (/** @type {Row} */ row) => `${row.name || row.id}: ${keys.map((key) => `${key} ${shown(row[key]) || "–"}`).join(" · ")}`;
  const mark = (/** @type {number} */ at) => {
    marks[now]?.mark.classList.remove("marked");
    now = at;
    const found = marks[at];
    reading.textContent = found ? text(found.row) : "";
    if (!found) return;
    found.mark.classList.add("marked");
    found.mark.parentNode?.append(found.mark); // above the others
  };
  const place = (/** @type {Event} */ event) => marks.findIndex((each) => each.mark === event.target);
  picture.addEventListener("pointerover", (/** @type {Event} */ event) => { if (place(event) >= 0) mark(place(event)); });
  picture.addEventListener("click", (/** @type {Event} */ event) => { if (place(event) >= 0) open(place(event)); });
  const open = (/** @type {number} */ at) => {
    history.pushState(null, "", runAddress(/** @type {any} */ (marks[at].row)));
    dispatchEvent(new Event("popstate"));
  };
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const moves = /** @type {Record<string, number>} */ ({ ArrowRight: now + 1, ArrowDown: now + 1, ArrowLeft: now - 1, ArrowUp: now - 1, Home: 0, End: marks.length - 1 });
    if (event.key === "Enter" && marks[now]) open(now);
    else if (event.key in moves && marks.length) {
      mark(Math.max(0, Math.min(marks.length - 1, moves[event.key])));
      say(reading.textContent);
    } else return;
    event.preventDefault();
  });
  const fill = () => {
    if (!data.open) return;
    const head = ["run", ...keys].map((key) => element("th", { scope: "col" }, key));
    const body = rows.slice(0, ROWS).map((row) => element("tr", {}, element("th", { scope: "row" }, element("a", { href: runAddress(/** @type {any} */ (row)) }, row.name || row.id)),
      ...keys.map((key) => element("td", { class: typeof row[key] === "number" ? "number" : null }, shown(row[key])))));
    const note = rows.length > ROWS ? [element("caption", { class: "quiet" }, `the first ${ROWS} of ${counted(rows.length, "run")}`)] : [];
    table.replaceChildren(element("table", { class: "leaves", "aria-label": "Data" }, ...note, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)));
  };
  data.addEventListener("toggle", fill);
  try {
    if (keys.length < kind.least) throw new Error(`Choose at least ${kind.least} keys.`);
    rows = await ask("rows", { where: asked.where, sort: asked.sort, columns }, signal);
  } catch (problem) {
    if (signal.aborted) return;
    error.textContent = /** @type {Error} */ (problem).message;
    return;
  }
  new ResizeObserver(draw).observe(box);
  onLook(draw, signal);
  const left = rows.length - marks.length;
  draw();
  fill();
  say(`${counted(marks.length, "run")} drawn of ${rows.length}${left > 0 && rows.length > RUNS ? ": a filter chooses others" : ""}`);
}

/**
 * The colour of each value of a key: shades for numbers, and colours for words.
 * @param {any[]} values The values.
 * @returns {(value: any) => string} The colour, which follows the look of the page.
 */
export function colours(values) {
  const scale = scaleOf(values, "auto");
  const words = scale.numeric ? [] : [...new Set(values.map((value) => shown(value)))].sort();
  return (value) => {
    const at = scale.at(value);
    if (at === null) return "var(--quiet)";
    if (!scale.numeric) return `var(--colour-${words.indexOf(shown(value)) % 10})`;
    return `color-mix(in oklab, var(--colour-1) ${Math.round(at * 100)}%, var(--colour-0))`;
  };
}
