// A picture of runs by some of their keys, and a table of the same values.
import { go, runAddress, state } from "./address.js";
import { chooseColumns } from "./columns_dialog.js";
import { downloads } from "./downloads.js";
import { element, say, tickBox } from "./elements.js";
import { keepLooking } from "./live.js";
import { onLook } from "./palette.js";
import { noRuns, showForm } from "./question_form.js";
import { scaleOf, svg } from "./scales.js";
import { ask } from "./server.js";
import { counted, number, shown } from "./values.js";

/**
 * @typedef {Record<string, any>} Row The values of a run by key, with its project, id and name.
 * @typedef {{row: Row, mark: SVGElement}} Mark A run in the picture.
 * @typedef {{title: string, most: number, least: number, log: boolean, choose: (known: string[]) => string[],
 *   draw: (picture: SVGElement, rows: Row[], keys: string[], size: {width: number, height: number}) => Mark[]}} Kind
 */

const NAMES = ["project", "id", "name"];
const ROWS = 300; // of the table

/**
 * Shows a picture of runs.
 * @param {HTMLElement} main Where. @param {AbortSignal} signal Ends the view. @param {Kind} kind What is drawn.
 */
export async function plotView(main, signal, kind) {
  document.title = kind.title;
  const asked = state();
  const { where, sort } = asked;
  const known = ask("keys", {}, signal).catch(() => []);
  const keys = asked.keys ? asked.keys.split(",").slice(0, kind.most) : kind.choose(await known);
  const columns = [...new Set([...NAMES, ...keys])].join(",");
  const choose = element("button", { type: "button" }, "Keys…");
  choose.addEventListener("click", async () => {
    const found = await chooseColumns(await known, keys, `Keys: ${kind.least} to ${kind.most}`);
    choose.focus();
    if (found) go({ ...state(), keys: found.slice(0, kind.most).join(",") });
  });
  const boxes = kind.log ? [["logx", "Log x"], ["logy", "Log y"]].map(([name, label]) => tickBox(label, name, asked[name], (now) => go({ ...state(), [name]: now }))) : [];
  const error = element("p", { class: "error", role: "alert" });
  const empty = noRuns();
  const picture = /** @type {any} */ (svg("svg", { "aria-hidden": "true" }));
  const box = element("div", { class: "picture", tabindex: 0, role: "group", "aria-label": `${kind.title}: ${keys.join(", ")}. The arrow keys go from run to run, Enter opens one.` }, picture);
  const reading = element("p", { class: "reading quiet" });
  const table = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Data" });
  const data = element("details", { class: "data", on: { toggle: () => fill() } }, element("summary", {}, "Data"), table);
  const figure = element("figure", { class: "chart" }, box, reading, data);
  showForm(main, known, false, [choose, ...boxes, downloads("table", { where, sort, columns }, "runs")],
    [error, empty, element("div", { class: "page wide" }, element("h1", { class: "unseen" }, kind.title), figure)]);
  /** @type {Row[]} */
  let rows = [];
  /** @type {Mark[]} */
  let marks = [];
  let now = -1;
  const draw = () => {
    const size = { width: box.clientWidth || 600, height: Math.max(280, Math.min(560, box.clientWidth * 0.6, innerHeight - 220)) };
    for (const [name, value] of Object.entries({ ...size, viewBox: `0 0 ${size.width} ${size.height}` })) picture.setAttribute(name, value);
    const marked = marks[now]?.row;
    picture.replaceChildren();
    marks = kind.draw(picture, rows, keys, size);
    mark(marks.findIndex(({ row }) => row.id === marked?.id && row.project === marked?.project));
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
  if (keys.length < kind.least) {
    error.textContent = `Choose at least ${kind.least} keys.`;
    say("");
    return;
  }
  let before = "";
  const load = async () => {
    let found;
    try {
      found = await ask("rows", { where, sort, columns }, signal);
    } catch (problem) {
      if (!signal.aborted) error.textContent = /** @type {Error} */ (problem).message;
      return;
    }
    error.textContent = "";
    const answer = JSON.stringify(found);
    if (answer === before) return;
    before = answer;
    rows = found.rows;
    empty.hidden = rows.length > 0;
    figure.hidden = !rows.length;
    draw();
    fill();
    const left = found.total > rows.length ? `: the first ${number(rows.length)}, a filter chooses others` : "";
    say(`${counted(marks.length, "run")} drawn of ${number(found.total)}${left}`);
  };
  await load();
  keepLooking(load, signal);
  new ResizeObserver(draw).observe(box);
  onLook(draw, signal);
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
