// Runs as lines through the axes of some keys; the last key has the colour.
import { colours, plotView } from "./plot_view.js";
import { scaleOf, short, svg } from "./scales.js";

/**
 * Shows the parallel coordinates.
 * @param {HTMLElement} main Where. @param {AbortSignal} signal Ends the view.
 */
export function parallelView(main, signal) {
  return plotView(main, signal, { title: "Parallel coordinates", least: 2, most: 8, log: false, choose, draw });
}

/** The keys that are shown if none is chosen. @param {string[]} known All keys. */
function choose(known) {
  const of = (/** @type {string} */ section) => known.filter((key) => key.startsWith(section));
  return [...of("config.").slice(0, 4), ...of("summary.").slice(0, 2)];
}

/** @type {import("./plot_view.js").Kind["draw"]} */
function draw(picture, rows, keys, { width, height }) {
  const scales = keys.map((key) => scaleOf(rows.map((row) => row[key]), "auto"));
  const last = keys[keys.length - 1];
  const paint = colours(rows.map((row) => row[last]));
  const margin = Math.min(80, width / 8);
  const atX = (/** @type {number} */ at) => margin + (at * (width - 2 * margin)) / (keys.length - 1);
  const atY = (/** @type {number} */ part) => height - 24 - part * (height - 78);
  const room = Math.max(6, Math.floor((width - 2 * margin) / (keys.length - 1) / 7.5));
  const axes = svg("g", { class: "axes" });
  const lines = svg("g", { class: "lines" });
  picture.append(lines, axes);
  keys.forEach((key, at) => {
    const x = atX(at);
    axes.append(svg("line", { class: "axis", x1: x, x2: x, y1: atY(0), y2: atY(1) }));
    // Neighbours have their names at different heights, so that they may be long.
    const name = svg("text", { class: "name", x, y: at % 2 ? 34 : 16, "text-anchor": "middle" }, short(key.replace(/^(config|summary)\./, ""), Math.min(2 * room, 28)) + (scales[at].log ? " (log)" : ""));
    name.append(svg("title", {}, key));
    axes.append(name);
    for (const tick of scales[at].ticks) axes.append(svg("text", { x: x + 6, y: atY(tick.at) + 4 }, short(tick.label, room)));
  });
  const placed = rows.map((row) => ({ row, places: keys.map((key, at) => scales[at].at(row[key])) }));
  // A run without a value of one key has a gap there.
  const shown = placed.filter((each) => each.places.filter((place) => place !== null).length > 1);
  shown.sort((a, b) => Number(b.places[keys.length - 1]) - Number(a.places[keys.length - 1]));
  return shown.map(({ row, places }) => {
    const points = places.map((place, at) => (place === null ? null : `${atX(at).toFixed(1)},${atY(place).toFixed(1)}`));
    const path = points.map((point, at) => (point === null ? "" : `${at && points[at - 1] !== null ? "L" : "M"}${point}`)).join("");
    const mark = svg("path", { d: path });
    mark.style.stroke = paint(row[last]);
    lines.append(mark);
    return { row, mark };
  });
}
