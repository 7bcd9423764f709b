// One run: attributes, config and settings with the origin of each value and what it beat, metrics,
// files, surroundings, and the command that starts it again.
import { dataAddress, fileAddress, go, state } from "./address.js";
import { chartsOf } from "./charts.js";
import { deleteRun, editRun } from "./edit_dialogs.js";
import { element, say } from "./elements.js";
import { leafTree, scrolled } from "./leaf_tree.js";
import { ask } from "./server.js";
import { number, shown } from "./values.js";

const KINDS = /** @type {Record<string, string>} */ ({ created: "time", started: "time", ended: "time", runtime: "duration" });
const ABOUT = ["id", "project", "entity", "group", "job_type", "created", "started", "ended", "runtime", "steps", "starts", "exit_code", "mode", "host", "pid", "directory", "torn", "lost"];

/**
 * Shows one run.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function runView(main, signal) {
  const { project, id } = state();
  const run = await ask("run", { project, id }, signal);
  document.title = run.name || run.id;
  const logged = new Set(Object.keys(run.metrics));
  const summary = Object.entries(run.summary).filter(([key]) => !logged.has(key));
  main.replaceChildren(element("div", { class: "page" },
    heading(run, async () => {
      if (signal.aborted) return;
      await runView(main, signal);
      /** @type {HTMLElement | null} */ (main.querySelector(".actions button"))?.focus();
    }),
    element("dl", { class: "about" }, ...about(run).flatMap(([key, value]) => [element("div", {}, element("dt", {}, key), element("dd", {}, value))])),
    section("Reproduce", command(run.reproduce)),
    section("Config", leafTree("Config", run.config, run)),
    section("Metrics", metrics(run.metrics), ...(logged.size ? [chartsOf([run], signal)] : [])),
    ...(summary.length ? [section("Summary", pairs("Summary", summary.map(([key, value]) => [key, shown(value)])))] : []),
    section("Settings", ...settings(run)),
    section("Files", files(run)),
    section("Surroundings", ...surroundings(run.metadata)),
  ));
  say(`run ${run.id}`);
}

/**
 * @param {any} run The run. @param {() => void} redraw Shows the run again.
 * @returns {HTMLElement} Its name, state, tags and notes, and the buttons that change it.
 */
function heading(run, redraw) {
  const edit = element("button", { type: "button" }, "Edit…");
  edit.addEventListener("click", async () => { if (await editRun(run)) redraw(); });
  const remove = element("button", { type: "button" }, "Delete…");
  remove.addEventListener("click", async () => {
    const { place } = await ask("about");
    if (await deleteRun(run, place)) go({});
  });
  const json = element("a", { href: dataAddress("run", { project: run.project, id: run.id }), download: `${run.id}.json` }, "JSON");
  return element("div", { class: "heading" },
    element("h1", {}, run.name || run.id),
    element("span", { class: `chip state-${run.state}` }, run.state),
    ...(run.tags ?? []).map((/** @type {string} */ tag) => element("span", { class: "chip" }, tag)),
    element("span", { class: "actions" }, json, edit, remove),
    run.notes ? element("p", { class: "notes" }, run.notes) : null);
}

/** @param {any} run The run. @returns {[string, string][]} The names and texts of its attributes. */
function about(run) {
  return ABOUT.filter((key) => ![null, undefined, ""].includes(run[key]) && !(["torn", "lost"].includes(key) && !run[key]))
    .map((key) => [key.replace("_", " "), shown(key === "pid" ? String(run[key]) : run[key], KINDS[key])]);
}

/** @param {string} title A heading. @param {...Node} content What is below it. */
function section(title, ...content) {
  return element("section", { class: "card" }, element("h2", {}, title), ...content);
}

/** @param {string} title What it is. @param {[string, any][]} rows Names, and texts or elements. */
function pairs(title, rows) {
  if (!rows.length) return element("p", { class: "quiet" }, "none");
  return scrolled(title, element("table", { class: "leaves", "aria-label": title }, element("tbody", {},
    ...rows.map(([key, value]) => element("tr", {}, element("th", { scope: "row" }, key), element("td", { class: "value" }, value))))));
}

/** @param {string} text A command. @returns {HTMLElement} The command with a button that copies it. */
function command(text) {
  const button = element("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
      say("The command is copied");
    } catch {
      getSelection()?.selectAllChildren(code);
      say("The command is selected: copy it with the keyboard");
    }
  });
  const code = element("code", {}, text);
  return element("div", { class: "command" }, element("pre", { tabindex: 0, role: "region", "aria-label": "The command that starts the run again" }, code), button);
}

/** @param {any} run The run. @returns {Node[]} Its settings; those at their defaults come on request. */
function settings(run) {
  const all = element("input", { type: "checkbox" });
  const place = element("div");
  const draw = () => {
    const wanted = Object.entries(run.settings).filter(([, leaf]) => all.checked || /** @type {any} */ (leaf).layer !== "default");
    place.replaceChildren(leafTree("Settings", Object.fromEntries(wanted), run));
  };
  all.addEventListener("change", draw);
  draw();
  return [element("label", { class: "quiet" }, all, " with those at their defaults"), place];
}

/** @param {any} run The run. @returns {Node} Its files, each with a link to its content. */
function files(run) {
  return pairs("Files", Object.entries(run.files).map(([path, size]) => [
    size === null ? path : element("a", { href: fileAddress(run, path) }, path),
    size === null ? "missing" : `${number(/** @type {number} */ (size))} bytes`,
  ]));
}

/** @param {Record<string, any>} metadata Where the run was recorded. @returns {Node[]} */
function surroundings(metadata) {
  const { packages = {}, args, ...facts } = metadata;
  const rows = /** @type {[string, string][]} */ ([...flat(facts), ...(args ? [["args", args.map(String).join("\n")]] : [])]);
  const names = Object.entries(packages);
  if (!names.length) return [pairs("Surroundings", rows)];
  const list = pairs("Packages", names.map(([name, version]) => [name, String(version)]));
  return [pairs("Surroundings", rows), element("details", {}, element("summary", {}, `${number(names.length)} packages`), list)];
}

/** @param {Record<string, any>} found The metrics. */
function metrics(found) {
  const rows = Object.entries(found);
  if (!rows.length) return element("p", { class: "quiet" }, "none");
  const columns = ["last", "min", "max", "count"];
  const head = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "key"), ...columns.map((name) => element("th", { scope: "col", class: "number" }, name))));
  const body = rows.map(([key, metric]) => element("tr", {}, element("th", { scope: "row" }, key),
    ...columns.map((name) => element("td", { class: "value number" }, metric[name] === null ? "" : number(metric[name])))));
  return scrolled("Metrics", element("table", { class: "leaves", "aria-label": "Metrics" }, head, element("tbody", {}, ...body)));
}

/** @param {any} value Nested values. @param {string} path Where. @returns {[string, string][]} */
function flat(value, path = "") {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[path, shown(value)]];
  return Object.entries(value).flatMap(([key, each]) => flat(each, path ? `${path}.${key}` : key));
}
