// Charts of the metrics of runs: one for each metric, with one legend, in a view of any kind.
import { addressOf, runAddress, state } from "./address.js";
import { labels, linesOf } from "./curves.js";
import { element, say } from "./elements.js";
import { LineChart } from "./line_chart.js";
import { keepLooking } from "./live.js";
import { colour, dashes, onLook } from "./palette.js";
import { noRuns } from "./question_form.js";
import { svg } from "./scales.js";
import { ask } from "./server.js";
import { counted, filterFor } from "./values.js";

const MARGIN = 0.1; // of the range on both sides that is read too, so that lines reach the edges

/** @typedef {Record<string, string | undefined>} State The state: what is drawn, and how. */

export class Charts {
  /**
   * @param {State} state The state; see `read_curves`, and `smooth`, `band`, `logx` and `logy`.
   * @param {(more: State) => void} change Called with what changes by a zoom.
   * @param {AbortSignal} signal Ends the charts.
   * @param {boolean} [part] Whether they are a part of another view.
   */
  constructor(state, change, signal, part = false) {
    this.part = part;
    this.state = state;
    this.change = change;
    this.signal = signal;
    /** @type {import("./curves.js").Found | null} */
    this.found = null;
    this.text = "";
    /** @type {Set<number>} The lines that are hidden. */
    this.hidden = new Set();
    /** @type {Map<string, LineChart>} */
    this.charts = new Map();
    this.error = element("p", { class: "error", role: "alert" });
    this.note = element("p", { class: "quiet" });
    this.empty = noRuns();
    this.legend = element("ul", { class: "legend", "aria-label": "Lines" });
    this.grid = element("div", { class: "charts" });
    this.root = element("div", { class: "charted" }, this.error, this.empty, this.note, this.legend, this.grid);
    onLook(() => this.draw(), signal);
  }

  /** Reads the curves and draws them, and goes on while the view is open. */
  async start() {
    this.uPlot = await library(this.signal);
    await this.load();
    keepLooking(async () => {
      // Charts of all runs go on, as new runs may begin.
      if (this.part && this.found && !this.found.runs.some((run) => run.state === "running")) return null;
      return this.load();
    }, this.signal);
  }

  /** What the server is asked. */
  get asked() {
    const { where, sort, group, keys, x } = this.state;
    const range = this.range;
    const margin = range ? (range[1] - range[0]) * MARGIN : 0;
    const part = range ? { first: range[0] - margin, last: range[1] + margin } : {};
    return { where, sort, group, keys, x, ...part };
  }

  /** @returns {[number, number] | null} The range of the horizontal axis. */
  get range() {
    const [first, last] = (this.state.zoom ?? "").split(":").map(Number);
    return first < last ? [first, last] : null;
  }

  /** Reads the curves, and draws them if they changed. */
  async load() {
    const asked = this.asked;
    try {
      const found = await ask("curves", asked, this.signal);
      const text = JSON.stringify([asked, found]);
      this.error.textContent = "";
      if (text === this.text || JSON.stringify(asked) !== JSON.stringify(this.asked)) return;
      this.text = text;
      this.found = found;
      this.draw();
    } catch (problem) {
      if (!this.signal.aborted) this.error.textContent = /** @type {Error} */ (problem).message;
    }
  }

  /** Changes the state, and draws and reads what it asks for. @param {State} more What changes. */
  set(more) {
    const before = JSON.stringify(this.asked);
    this.state = { ...this.state, ...more };
    this.draw(); // from what is here, before the answer
    if (before !== JSON.stringify(this.asked)) this.load();
  }

  draw() {
    const found = this.found;
    if (!found) return;
    const { state } = this;
    const axes = { axis: state.x || "step", logX: state.logx === "1", logY: state.logy === "1", range: this.range };
    const options = { smooth: Math.min(0.999, Number(state.smooth) || 0), band: state.band || "range", ...axes };
    for (const [key, chart] of this.charts) {
      if (found.keys.includes(key)) continue;
      chart.remove();
      this.charts.delete(key);
    }
    found.keys.forEach((key, at) => {
      const chart = this.charts.get(key) ?? new LineChart(key, this.uPlot, (range) => this.zoom(range));
      this.charts.set(key, chart);
      if (this.grid.children[at] !== chart.root) this.grid.insertBefore(chart.root, this.grid.children[at] ?? null);
      chart.draw(linesOf(found, key, options).filter((line) => !this.hidden.has(line.number)), axes);
    });
    this.drawLegend(found);
    const lines = found.groups.length ? `${counted(found.groups.length, "group")} of ${counted(found.runs.length, "run")}` : counted(found.runs.length, "run");
    const left = found.total > found.runs.length ? ` — the first ${found.runs.length} of ${found.total}: a filter chooses others` : "";
    this.empty.hidden = found.total > 0;
    this.note.textContent = found.total && !found.keys.length ? "No numbers were logged." : "";
    if (!this.part) say(`${counted(found.keys.length, "chart")}, ${lines}${left}`);
  }

  /** @param {import("./curves.js").Found} found The curves. */
  drawLegend(found) {
    const names = labels(found);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.line;
    this.legend.hidden = names.length < 2;
    const keys = found.groups.length ? [element("li", { class: "quiet" }, `${this.state.group?.replaceAll(",", ", ")}:`)] : [];
    this.legend.replaceChildren(...keys, ...names.map((name, number) => {
      const button = element("button", { type: "button", "aria-pressed": String(!this.hidden.has(number)), "data-line": number, title: name, on: { click: () => this.toggle(number) } }, swatch(number), element("span", {}, name));
      const run = found.groups.length ? null : found.runs[number];
      return element("li", {}, button, run && element("a", { href: runAddress(run), "aria-label": `Open ${name}`, title: "Open the run" }, "↗"));
    }));
    if (focused !== undefined) /** @type {HTMLElement | null} */ (this.legend.querySelector(`[data-line="${CSS.escape(focused)}"]`))?.focus();
  }

  toggle(/** @type {number} */ number) {
    if (!this.hidden.delete(number)) this.hidden.add(number);
    this.draw();
  }

  /** @param {[number, number] | null} range A range of the horizontal axis; null for all. */
  zoom(range) {
    const zoom = range ? range.map((each) => Number(each.toPrecision(12))).join(":") : "";
    this.change({ zoom });
  }
}

/**
 * The charts of some runs, as a part of another view.
 * @param {{project: string, id: string}[]} runs The runs. @param {AbortSignal} signal Ends the view.
 * @returns {HTMLElement}
 */
export function chartsOf(runs, signal) {
  const equal = (/** @type {string} */ key, /** @type {string} */ value) => (value ? filterFor(key, value, "value") : `not ${key}`);
  const where = runs.map((run) => `(${equal("id", run.id)} and ${equal("project", run.project)})`).join(" or ");
  const change = (/** @type {State} */ more) => {
    history.pushState(null, "", addressOf({ ...state(), ...more }));
    charts.set(more);
  };
  const charts = new Charts({ where, zoom: state().zoom }, change, signal, true);
  charts.start().catch((problem) => { if (!signal.aborted) charts.error.textContent = problem.message; });
  return element("div", {}, charts.root, element("p", {}, element("a", { href: addressOf({ view: "charts", where }) }, "All charts and their options")));
}

/** The sign of a line in the legend. @param {number} number The number of the line. */
function swatch(number) {
  const line = svg("line", { x1: 0, y1: 5, x2: 22, y2: 5, stroke: colour(number), "stroke-width": 3, "stroke-dasharray": dashes(number).join(" ") });
  return svg("svg", { width: 22, height: 10, "aria-hidden": "true" }, line);
}

/** @type {Promise<any> | null} */
let loaded = null;

/**
 * The library that draws.
 * @param {AbortSignal} signal Ends the question.
 * @returns {Promise<any>} uPlot.
 */
async function library(signal) {
  const about = await ask("about", {}, signal);
  if (!about.charts) throw new Error("This installation has no uPlot, the library that draws charts: it was built without npm. Install Node.js with npm, and install runsettings again.");
  loaded ??= import("./vendor/uplot/uPlot.esm.js").then((module) => {
    document.head.append(element("link", { rel: "stylesheet", href: "/static/vendor/uplot/uPlot.min.css" }));
    return module.default;
  });
  return loaded;
}
