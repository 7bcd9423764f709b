// Draws one metric with uPlot, with a table of the same numbers for those who cannot see it.
import { element, say } from "./elements.js";
import { colour, css, dashes } from "./palette.js";
import { number, shown } from "./values.js";

/**
 * @typedef {import("./curves.js").Line} Line
 * @typedef {{axis: string, logX: boolean, logY: boolean, range: [number, number] | null}} Axes
 */

const HEIGHT = 260; // pixels
const WIDE = 800; // a chart that is wider is higher, too
const ROWS = 200; // of the table
const LISTED = 6; // lines whose values are said at once
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 43200, 86400];
const INCREMENTS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, ...SECONDS, ...[2, 5, 10, 20, 50, 100, 200, 500].map((days) => days * 86400)];

export class LineChart {
  /**
   * @param {string} key The metric.
   * @param {any} uPlot The library.
   * @param {(range: [number, number] | null) => void} zoom Called with a range that was chosen, or null for all.
   */
  constructor(key, uPlot, zoom) {
    this.key = key;
    this.uPlot = uPlot;
    this.zoom = zoom;
    /** @type {Line[]} */
    this.lines = [];
    /** @type {Axes} */
    this.axes = { axis: "step", logX: false, logY: false, range: null };
    /** @type {Line[]} The line of each series of the plot. */
    this.owners = [];
    /** @type {any} */
    this.plot = null;
    /** @type {number | undefined} The place that the cursor was at before the chart was drawn anew. */
    this.pointed = undefined;
    this.box = element("div", { class: "plot", tabindex: 0, role: "group", on: { keydown: (/** @type {KeyboardEvent} */ event) => this.press(event) } });
    this.reading = element("p", { class: "reading quiet" });
    this.table = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Data of ${key}` });
    this.data = element("details", { class: "data", on: { toggle: () => this.fill() } }, element("summary", {}, "Data"), this.table);
    this.all = element("button", { type: "button", hidden: true, on: { click: () => this.zoom(null) } }, "Show all");
    this.root = element("figure", { class: "chart" }, element("figcaption", {}, element("h2", {}, key), this.all), this.box, this.reading, this.data);
    new ResizeObserver(() => this.resize()).observe(this.box);
  }

  /**
   * Draws lines in place of those before.
   * @param {Line[]} lines The lines. @param {Axes} axes The axes.
   */
  draw(lines, axes) {
    this.lines = lines;
    this.axes = axes;
    this.all.hidden = axes.range === null;
    this.pointed = this.plot?.data[0][this.plot.cursor.idx];
    this.plot?.destroy();
    this.plot = null;
    const drawn = lines.filter((line) => line.y.some((value) => value !== null));
    const names = drawn.length === 1 ? drawn[0].label : `${drawn.length} lines`;
    this.box.setAttribute("aria-label", `${this.key} by ${NAMES[axes.axis]}: ${names}. The arrow keys read values, plus and minus zoom.`);
    this.box.replaceChildren(...(drawn.length ? [] : [element("p", { class: "quiet empty" }, axes.logX || axes.logY ? "No values above zero here." : "No values here.")]));
    this.reading.textContent = "";
    if (drawn.length) this.plot = new this.uPlot(this.options(drawn), this.tables(drawn), this.box);
    this.fill();
  }

  /** The data of the lines at the places of all of them. @param {Line[]} lines The lines. */
  tables(lines) {
    return this.uPlot.join(lines.map((line) => [line.x, ...parts(line).map((part) => part.values)]));
  }

  /** What uPlot is told. @param {Line[]} lines The lines. */
  options(lines) {
    const { axis, logX, logY, range } = this.axes;
    /** @type {any[]} */
    const series = [{}];
    /** @type {any[]} */
    const bands = [];
    this.owners = [lines[0]];
    for (const line of lines) {
      const ink = colour(line.number);
      for (const part of parts(line)) {
        this.owners.push(line);
        if (part.name === "line") series.push({ label: line.label, stroke: ink, width: 1.5, dash: dashes(line.number), points: { size: 5, fill: ink } });
        else if (part.name === "raw") series.push({ stroke: `${ink}55`, width: 1, points: { show: false } });
        else series.push({ stroke: "transparent", width: 0, points: { show: false } });
        if (part.name === "high") bands.push({ series: [series.length - 1, series.length - 2], fill: `${ink}2b` });
      }
    }
    const look = { stroke: css("--quiet"), grid: { stroke: css("--grid"), width: 1 }, ticks: { stroke: css("--line"), width: 1, size: 4 }, font: "12px system-ui, sans-serif" };
    const across = axis === "step" ? {} : { incrs: INCREMENTS, values: (/** @type {any} */ _plot, /** @type {number[]} */ splits, /** @type {number} */ _at, /** @type {number} */ _space, /** @type {number} */ step) => splits.map((value) => (value === null ? "" : tick(value, axis, step))) };
    return {
      ...this.size(),
      padding: [10, 14, 0, 0],
      series,
      bands,
      scales: {
        x: { time: false, distr: logX ? 3 : 1, ...(range ? { range: () => range } : {}) },
        y: { distr: logY ? 3 : 1 },
      },
      axes: [{ ...look, ...(logX ? {} : across), size: 30, space: axis === "step" ? 60 : 80 }, { ...look, size: (/** @type {any} */ _plot, /** @type {string[] | null} */ values) => 16 + 7 * Math.max(3, ...(values ?? []).map((text) => (text ?? "").length)) }],
      legend: { show: false },
      focus: { alpha: 0.3 },
      cursor: { focus: { prox: 20 }, sync: { key: "charts", setSeries: false }, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
      hooks: {
        setCursor: [() => this.read()],
        setSelect: [(/** @type {any} */ plot) => {
          const { left, width } = plot.select;
          if (width < 3) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          this.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
        }],
        ready: [(/** @type {any} */ plot) => {
          plot.over.addEventListener("dblclick", () => this.zoom(null));
          if (this.pointed !== undefined) this.point(this.pointed);
        }],
      },
    };
  }

  /** Shows the values under the cursor. @returns {string} What is shown. */
  read() {
    const at = this.plot?.cursor.idx;
    if (at === null || at === undefined) return "";
    const [x, ...columns] = this.plot.data;
    const values = columns.flatMap((/** @type {any[]} */ values, /** @type {number} */ series) => {
      const line = this.owners[series + 1];
      const first = this.owners.indexOf(line, 1) === series + 1;
      return first && typeof values[at] === "number" ? [`${line.label} ${number(values[at])}`] : [];
    });
    const more = values.length > LISTED ? [`and ${values.length - LISTED} more`] : [];
    this.reading.textContent = [`${this.place(x[at])}:`, [...values.slice(0, LISTED), ...more].join(" · ")].join(" ");
    return this.reading.textContent;
  }

  /** @param {number} x A place on the horizontal axis. @returns {string} */
  place(x) {
    return this.axes.axis === "step" ? `step ${number(x)}` : tick(x, this.axes.axis, 0);
  }

  /** Moves the cursor to a place on the horizontal axis. @param {number} x The place. */
  point(x) {
    this.plot?.setCursor({ left: this.plot.valToPos(x, "x"), top: this.plot.over.clientHeight / 2 });
  }

  /** @param {KeyboardEvent} event A key that was pressed in the plot. */
  press(event) {
    const plot = this.plot;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const { min, max } = plot.scales.x;
    const places = plot.data[0];
    const now = plot.cursor.idx ?? -1;
    const step = event.shiftKey ? 10 : 1;
    const moves = /** @type {Record<string, number>} */ ({ ArrowRight: now + step, ArrowLeft: now - step, Home: 0, End: places.length - 1 });
    if (event.key in moves) {
      const at = Math.max(0, Math.min(places.length - 1, moves[event.key]));
      this.point(places[at]);
      say(this.read());
    } else if (event.key === "+" || event.key === "=") {
      const center = places[now] ?? (min + max) / 2;
      this.zoom([Math.max(min, center - (max - min) / 4), Math.min(max, center + (max - min) / 4)]);
    } else if (event.key === "-") {
      this.zoom(this.axes.range && [min - (max - min) / 2, max + (max - min) / 2]);
    } else if (event.key === "0" || event.key === "Escape") this.zoom(null);
    else return;
    event.preventDefault();
  }

  /** The size of the plot. */
  size() {
    const width = this.box.clientWidth || 400;
    return { width, height: width > WIDE ? 1.5 * HEIGHT : HEIGHT };
  }

  resize() {
    const size = this.size();
    if (this.plot && size.width !== this.plot.width) this.plot.setSize(size);
  }

  /** Writes the table, if it is open. */
  fill() {
    if (!this.data.open) return;
    const lines = this.lines;
    const x = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
    const every = Math.ceil(x.length / ROWS) || 1;
    const columns = lines.map((line) => new Map(line.x.map((at, place) => [at, line.y[place]])));
    const rows = x.filter((_, at) => at % every === 0).map((at) => element("tr", {}, element("th", { scope: "row" }, this.place(at)),
      ...columns.map((column) => element("td", { class: "number" }, typeof column.get(at) === "number" ? number(/** @type {number} */ (column.get(at))) : ""))));
    const head = ["", ...lines.map((line) => line.label)].map((label, at) => element("th", { scope: "col" }, at ? label : NAMES[this.axes.axis]));
    const note = every > 1 ? [element("caption", { class: "quiet" }, `every ${every}th of ${number(x.length)} points`)] : [];
    this.table.replaceChildren(element("table", { class: "leaves", "aria-label": `Data of ${this.key}` }, ...note, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows)));
  }

  remove() {
    this.plot?.destroy();
    this.root.remove();
  }
}

const NAMES = /** @type {Record<string, string>} */ ({ step: "step", time: "time", wall: "date" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const seconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const days = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/**
 * A time on the axis.
 * @param {number} value Seconds. @param {string} axis The axis. @param {number} step Seconds between two ticks; 0 for the whole time.
 * @returns {string}
 */
function tick(value, axis, step) {
  if (axis === "time") return shown(value, "duration") || number(value);
  if (!step) return shown(new Date(value * 1000).toISOString(), "time");
  return (step >= 86400 ? days : step >= 60 ? clock : seconds).format(new Date(value * 1000));
}

/** The parts of a line, each a series of the plot. @param {Line} line The line. */
function parts(line) {
  return [{ name: "line", values: line.y }, { name: "low", values: line.low }, { name: "high", values: line.high }, { name: "raw", values: line.raw }].filter((part) => part.values);
}
