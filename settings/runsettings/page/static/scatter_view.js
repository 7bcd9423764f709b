// Runs by two of their keys, with the colour of a third.
import { state } from "./address.js";
import { colours, plotView } from "./plot_view.js";
import { scaleOf, short, svg } from "./scales.js";

/**
 * Shows the scatter.
 * @param {HTMLElement} main Where. @param {AbortSignal} signal Ends the view.
 */
export function scatterView(main, signal) {
  return plotView(main, signal, { title: "Scatter", least: 2, most: 3, log: true, choose, draw });
}

/** The keys that are shown if none is chosen. @param {string[]} known All keys. */
function choose(known) {
  const [config] = known.filter((key) => key.startsWith("config."));
  const [first, second] = known.filter((key) => key.startsWith("summary."));
  return [config ?? "created", first ?? "runtime", ...(second ? [second] : [])];
}

/** @type {import("./plot_view.js").Kind["draw"]} */
function draw(picture, rows, [across, up, third], { width, height }) {
  const { logx, logy } = state();
  const values = (/** @type {string} */ key) => rows.map((row) => row[key]);
  const [x, y] = [scaleOf(values(across), logx === "1"), scaleOf(values(up), logy === "1")];
  const paint = third === undefined ? () => "var(--accent)" : colours(values(third));
  const left = 16 + 7 * Math.min(14, Math.max(3, ...y.ticks.map((tick) => tick.label.length)));
  const area = { left, right: width - 16, top: 26, bottom: height - 46 };
  const atX = (/** @type {number} */ part) => area.left + 8 + part * (area.right - area.left - 16);
  const atY = (/** @type {number} */ part) => area.bottom - 8 - part * (area.bottom - area.top - 16);
  const every = Math.ceil(x.ticks.length / Math.max(2, Math.floor((area.right - area.left) / 90)));
  const axes = svg("g", { class: "axes" });
  for (const tick of y.ticks) {
    axes.append(svg("line", { x1: area.left, x2: area.right, y1: atY(tick.at), y2: atY(tick.at) }));
    axes.append(svg("text", { x: area.left - 8, y: atY(tick.at) + 4, "text-anchor": "end" }, short(tick.label, 14)));
  }
  x.ticks.filter((_, at) => at % every === 0).forEach((tick) => {
    axes.append(svg("line", { x1: atX(tick.at), x2: atX(tick.at), y1: area.top, y2: area.bottom }));
    axes.append(svg("text", { x: atX(tick.at), y: area.bottom + 18, "text-anchor": "middle" }, short(tick.label, 14)));
  });
  axes.append(svg("text", { class: "name", x: area.right, y: area.bottom + 38, "text-anchor": "end" }, `${short(across, 40)} →`));
  axes.append(svg("text", { class: "name", x: 4, y: 14 }, `↑ ${short(up, 40)}`));
  if (third !== undefined) axes.append(svg("text", { class: "name", x: area.right, y: 14, "text-anchor": "end" }, `colour: ${short(third, 30)}`));
  const points = svg("g", { class: "points" });
  picture.append(axes, points);
  const placed = rows.map((row) => ({ row, x: x.at(row[across]), y: y.at(row[up]) }));
  const shown = placed.filter((each) => each.x !== null && each.y !== null).sort((a, b) => Number(a.x) - Number(b.x));
  return shown.map(({ row, x: partX, y: partY }) => {
    const mark = svg("circle", { cx: atX(Number(partX)).toFixed(1), cy: atY(Number(partY)).toFixed(1), r: 5 });
    mark.style.fill = paint(third === undefined ? null : row[third]);
    points.append(mark);
    return { row, mark };
  });
}
