// Two or more runs side by side: only what differs, and why.
import { runAddress, state } from "./address.js";
import { chartsOf } from "./charts.js";
import { downloads } from "./downloads.js";
import { element, say } from "./elements.js";
import { literal, placeLink, scrolled } from "./leaf_tree.js";
import { keepLooking, livePart } from "./live.js";
import { ask } from "./server.js";
import { counted } from "./values.js";

const TITLES = /** @type {Record<string, string>} */ ({ config: "Config", settings: "Settings", summary: "Results", metadata: "Code and machine" });

/**
 * Shows the differences between runs, and new ones while they are recorded.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function diffView(main, signal) {
  const asked = { runs: state().runs };
  let found = await ask("diff", asked, signal);
  document.title = found.runs.map((/** @type {any} */ run) => run.name || run.id).join(", ");
  const error = element("p", { class: "error", role: "alert" });
  const differences = livePart(element("div"), sections);
  const show = () => {
    differences.show(found);
    say(`${counted(found.differences.length, "key")} ${found.differences.length === 1 ? "differs" : "differ"}`);
  };
  main.replaceChildren(element("div", { class: "page wide" },
    error,
    element("div", { class: "heading" }, element("h1", {}, `${found.runs.length} runs, side by side`), element("span", { class: "actions" }, downloads("diff", asked, "differences"))),
    differences.box,
    element("section", { class: "card" }, element("h2", {}, "Charts"), chartsOf(found.runs, signal)),
  ));
  show();
  keepLooking(async () => {
    if (found.runs.every((/** @type {any} */ run) => run.state !== "running")) return null;
    try {
      found = await ask("diff", asked, signal);
      error.textContent = "";
      show();
    } catch (problem) {
      if (!signal.aborted) error.textContent = /** @type {Error} */ (problem).message;
    }
  }, signal);
}

/** @param {any} found The answer of the server. @returns {HTMLElement[]} A section for each part of the runs that differs. */
function sections({ runs, differences }) {
  if (!differences.length) return [element("p", {}, "The runs are equal in config, settings, summary and code.")];
  return Object.entries(TITLES).flatMap(([name, title]) => {
    const rows = differences.filter((/** @type {any} */ each) => each.section === name);
    return rows.length ? [element("section", { class: "card" }, element("h2", {}, title), name === "metadata" ? gitCommand(rows) : null, table(title, rows, runs))] : [];
  });
}

/** @param {string} title @param {any[]} rows The keys that differ. @param {any[]} runs */
function table(title, rows, runs) {
  const heading = (/** @type {any} */ run) => element("th", { scope: "col" }, element("a", { href: runAddress(run) }, run.name || run.id), " ", element("span", { class: "quiet" }, run.id === run.name ? "" : run.id));
  const body = rows.map((row) => element("tr", {}, element("th", { scope: "row" }, row.key),
    ...row.values.map((/** @type {any} */ value, /** @type {number} */ at) => cell(value, row.values[0], runs[at]))));
  const made = element("table", { class: "leaves side", "aria-label": title },
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "key"), ...runs.map(heading))), element("tbody", {}, ...body));
  return scrolled(title, made);
}

/** @param {any} leaf The value of a run, or null. @param {any} first That of the first run. @param {any} run */
function cell(leaf, first, run) {
  if (leaf === null) return element("td", { class: "quiet" }, "–");
  const differs = JSON.stringify(leaf.value) !== JSON.stringify(first?.value);
  const value = element("div", { class: differs ? "value changed" : "value" }, literal(leaf.value));
  if (!leaf.layer) return element("td", {}, value);
  const why = element("div", { class: "why" }, element("span", { class: "layer" }, leaf.layer), " ", placeLink(leaf, run));
  for (const each of leaf.beaten) {
    why.append(element("div", {}, "over ", placeLink(each, run), " ", element("s", { class: "value" }, each.value === undefined ? "removed" : literal(each.value))));
  }
  return element("td", {}, value, why);
}

/** @param {any[]} rows The differences of the surroundings. @returns {Node | null} The command that shows what changed in the code. */
function gitCommand(rows) {
  const commits = rows.find((row) => row.key === "git.commit")?.values.map((/** @type {any} */ each) => each?.value) ?? [];
  const known = [...new Set(commits)].filter((each) => /^[0-9a-f]{7,64}$/.test(each ?? ""));
  if (known.length < 2) return null;
  return element("p", { class: "quiet" }, "See what changed in the code with ", element("code", {}, `git diff ${known[0]} ${known[1]}`));
}
