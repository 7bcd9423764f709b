// One run: attributes, config and settings with the origin of each value and what it beat.
import { state } from "./address.js";
import { element, say } from "./elements.js";
import { ask } from "./server.js";
import { number, shown } from "./values.js";

const KINDS = /** @type {Record<string, string>} */ ({ created: "time", started: "time", ended: "time", runtime: "duration" });

/**
 * Shows one run.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function runView(main, signal) {
  const { project, id } = state();
  const run = await ask("run", { project, id }, signal);
  document.title = run.name || run.id;
  const hidden = new Set(["config", "summary", "settings", "metrics", "files", "metadata"]);
  const about = Object.entries(run).filter(([key, value]) => !hidden.has(key) && value !== null && value !== "" && value !== 0 && !(Array.isArray(value) && !value.length));
  const all = element("input", { type: "checkbox" });
  const settings = element("div");
  const draw = () => {
    const wanted = Object.entries(run.settings).filter(([, leaf]) => all.checked || /** @type {any} */ (leaf).layer !== "default");
    settings.replaceChildren(leaves("Settings", Object.fromEntries(wanted)));
  };
  all.addEventListener("change", draw);
  draw();
  const logged = new Set(Object.keys(run.metrics));
  const summary = Object.entries(run.summary).filter(([key]) => !logged.has(key));
  main.replaceChildren(element("div", { class: "page" },
    element("h1", {}, run.name || run.id),
    pairs("About", about.map(([key, value]) => [key, Array.isArray(value) ? value.join(", ") : shown(value, KINDS[key])])),
    section("Config", leaves("Config", run.config)),
    section("Metrics", metrics(run.metrics)),
    ...(summary.length ? [section("Summary", pairs("Summary", summary.map(([key, value]) => [key, shown(value)])))] : []),
    section("Settings", element("label", { class: "quiet" }, all, " with those at their defaults"), settings),
    section("Files", pairs("Files", Object.entries(run.files).map(([path, size]) => [path, size === null ? "missing" : `${number(/** @type {number} */ (size))} bytes`]))),
    section("Surroundings", pairs("Surroundings", flat(run.metadata).filter(([key]) => !key.startsWith("packages.")))),
  ));
  say(`run ${run.id}`);
}

/** @param {string} title A heading. @param {...Node} content What is below it. */
function section(title, ...content) {
  return element("section", {}, element("h2", {}, title), ...content);
}

/** @param {string} title What it is. @param {[string, any][]} rows Names and texts. */
function pairs(title, rows) {
  if (!rows.length) return element("p", { class: "quiet" }, "none");
  return element("table", { class: "leaves", "aria-label": title }, element("tbody", {},
    ...rows.map(([key, value]) => element("tr", {}, element("th", { scope: "row" }, key), element("td", { class: "value" }, value)))));
}

/**
 * A table of leaves, each with the place that set it, and below it what it beat.
 * @param {string} title What it is.
 * @param {Record<string, any>} found The leaves by key.
 */
export function leaves(title, found) {
  if (!Object.keys(found).length) return element("p", { class: "quiet" }, "none");
  const rows = Object.entries(found).flatMap(([key, leaf]) => [
    element("tr", {}, element("th", { scope: "row" }, key), ...origin(leaf)),
    ...leaf.beaten.map((/** @type {any} */ each) => element("tr", { class: "beaten" }, element("td", {}, "beat"), ...origin(each))),
  ]);
  const head = element("thead", {}, element("tr", {}, ...["key", "value", "layer", "set at"].map((name) => element("th", { scope: "col" }, name))));
  return element("table", { class: "leaves", "aria-label": title }, head, element("tbody", {}, ...rows));
}

/** @param {any} leaf A value with its layer and place. */
export function origin(leaf) {
  const value = leaf.value === undefined ? "removed" : JSON.stringify(leaf.value);
  return [element("td", { class: "value" }, value), element("td", {}, leaf.layer), element("td", {}, leaf.place)];
}

/** @param {Record<string, any>} found The metrics. */
function metrics(found) {
  const rows = Object.entries(found);
  if (!rows.length) return element("p", { class: "quiet" }, "none");
  const columns = ["last", "min", "max", "count"];
  const head = element("thead", {}, element("tr", {}, ...["key", ...columns].map((name) => element("th", { scope: "col" }, name))));
  const body = rows.map(([key, metric]) => element("tr", {}, element("th", { scope: "row" }, key),
    ...columns.map((name) => element("td", { class: "value" }, metric[name] === null ? "" : number(metric[name])))));
  return element("table", { class: "leaves", "aria-label": "Metrics" }, head, element("tbody", {}, ...body));
}

/** @param {any} value Nested values. @param {string} path Where. @returns {[string, string][]} */
function flat(value, path = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[path, shown(value)]];
  return Object.entries(value).flatMap(([key, each]) => flat(each, path ? `${path}.${key}` : key));
}
