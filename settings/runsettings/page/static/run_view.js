// One run: attributes, config and settings with the origin of each value and what it beat, metrics,
// files, surroundings, and the command that starts it again.
import { fileAddress, go, state } from "./address.js";
import { chartsOf } from "./charts.js";
import { downloads } from "./downloads.js";
import { deleteRun, editRun } from "./edit_dialogs.js";
import { element, say, tickBox } from "./elements.js";
import { leafTree, scrolled } from "./leaf_tree.js";
import { keepLooking, livePart } from "./live.js";
import { ask } from "./server.js";
import { counted, number, shown } from "./values.js";

const KINDS = /** @type {Record<string, string>} */ ({ created: "time", started: "time", ended: "time", runtime: "duration" });
const ABOUT = ["id", "project", "entity", "group", "job_type", "created", "started", "ended", "runtime", "steps", "starts", "exit_code", "mode", "host", "pid", "directory", "torn", "lost"];

/**
 * Shows one run, and its new records while it is recorded.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function runView(main, signal) {
  const { project, id } = state();
  let run = await ask("run", { project, id }, signal);
  /** @type {((run: any) => void)[]} */
  const parts = [];
  const part = (/** @type {HTMLElement} */ box, /** @type {(run: any) => HTMLElement[]} */ draw) => {
    const made = livePart(box, draw);
    parts.push(made.show);
    return made.box;
  };
  const inCard = (/** @type {(run: any) => HTMLElement[]} */ draw) => part(element("div"), draw);
  const error = element("p", { class: "error", role: "alert" });
  const charts = element("div");
  let withDefaults = false;
  const defaults = tickBox("with those at their defaults", "defaults", "", (now) => { withDefaults = now === "1"; show(); });
  const summary = card("Summary", inCard((found) => [pairs("Summary", results(found))]));
  const show = () => {
    document.title = run.name || run.id;
    for (const each of parts) each(run);
    summary.hidden = !results(run).length;
    if (!charts.firstChild && Object.keys(run.metrics).length) charts.append(chartsOf([run], signal));
    say(`run ${run.id}, ${run.state}`);
  };
  const read = async () => {
    try {
      run = await ask("run", { project, id }, signal);
    } catch (problem) {
      if (!signal.aborted) error.textContent = /** @type {Error} */ (problem).message;
      return;
    }
    error.textContent = "";
    show();
  };
  const edit = element("button", { type: "button" }, "Edit…");
  edit.addEventListener("click", async () => { if (await editRun(run)) await read(); });
  const remove = element("button", { type: "button" }, "Delete…");
  remove.addEventListener("click", async () => {
    const { place } = await ask("about");
    if (await deleteRun(run, place)) go({});
  });
  main.replaceChildren(element("div", { class: "page" },
    error,
    element("div", { class: "heading" }, part(element("div", { class: "title" }), title), element("span", { class: "actions" }, downloads("run", { project, id }, id), edit, remove)),
    part(element("div"), (found) => (found.notes ? [element("p", { class: "notes" }, found.notes)] : [])),
    part(element("dl", { class: "about" }), about),
    card("Reproduce", inCard((found) => [command(found.reproduce)])),
    card("Config", inCard((found) => [leafTree("Config", found.config, found)])),
    card("Metrics", inCard((found) => [metrics(found.metrics)]), charts),
    summary,
    card("Settings", defaults, inCard((found) => [settings(found, withDefaults)])),
    card("Files", inCard((found) => [files(found)])),
    card("Surroundings", inCard((found) => surroundings(found.metadata))),
  ));
  show();
  keepLooking(async () => (run.state === "running" ? read() : null), signal);
}

/** @param {any} run The run. @returns {HTMLElement[]} Its name, state and tags. */
function title(run) {
  const tags = (run.tags ?? []).map((/** @type {string} */ tag) => element("span", { class: "chip" }, tag));
  return [element("h1", {}, run.name || run.id), element("span", { class: `chip state-${run.state}` }, run.state), ...tags];
}

/** @param {any} run The run. @returns {HTMLElement[]} The names and texts of its attributes. */
function about(run) {
  return ABOUT.filter((key) => ![null, undefined, ""].includes(run[key]) && !(["torn", "lost"].includes(key) && !run[key])).map((key) => {
    const text = shown(key === "pid" ? String(run[key]) : run[key], KINDS[key]);
    return element("div", { class: key === "directory" ? "wide" : null }, element("dt", {}, key.replace("_", " ")), element("dd", {}, text));
  });
}

/** @param {any} run The run. @returns {[string, string][]} What is in the summary beside the metrics. */
function results(run) {
  return Object.entries(run.summary).filter(([key]) => !Object.hasOwn(run.metrics, key)).map(([key, value]) => [key, shown(value)]);
}

/** @param {string} title A heading. @param {...Node} content What is below it. @returns {HTMLElement} */
function card(title, ...content) {
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

/** @param {any} run The run. @param {boolean} withDefaults Whether those at their defaults are shown. @returns {HTMLElement} Its settings. */
function settings(run, withDefaults) {
  const wanted = Object.entries(run.settings).filter(([, leaf]) => withDefaults || leaf.layer !== "default");
  return leafTree("Settings", Object.fromEntries(wanted), run);
}

/** @param {any} run The run. @returns {HTMLElement} Its files, each with a link to its content. */
function files(run) {
  return pairs("Files", Object.entries(run.files).sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, size]) => [
    size === null ? path : element("a", { href: fileAddress(run, path) }, path),
    size === null ? "missing" : `${number(/** @type {number} */ (size))} bytes`,
  ]));
}

/** @param {Record<string, any>} metadata Where the run was recorded. @returns {HTMLElement[]} */
function surroundings(metadata) {
  const { packages = {}, args, pid, ...facts } = metadata;
  const known = { ...facts, pid: pid && String(pid), args: args?.map(String).join("\n") };
  const rows = flat(known).filter(([, text]) => text !== "");
  const names = Object.entries(packages);
  if (!names.length) return [pairs("Surroundings", rows)];
  const list = pairs("Packages", names.map(([name, version]) => [name, String(version)]));
  return [pairs("Surroundings", rows), element("details", {}, element("summary", {}, counted(names.length, "package")), list)];
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
