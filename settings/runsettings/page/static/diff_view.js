// Two or more runs side by side: only what differs, and why.
import { dataAddress, runAddress, state } from "./address.js";
import { chartsOf } from "./charts.js";
import { element, say } from "./elements.js";
import { literal, placeLink, scrolled } from "./leaf_tree.js";
import { ask } from "./server.js";
import { shown } from "./values.js";

const TITLES = /** @type {Record<string, string>} */ ({ config: "Config", settings: "Settings", summary: "Results", metadata: "Code and machine" });

/**
 * Shows the differences between runs.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function diffView(main, signal) {
  const { runs, differences } = await ask("diff", { runs: state().runs }, signal);
  const names = runs.map((/** @type {any} */ run) => run.name || run.id);
  document.title = names.join(", ");
  const sections = Object.entries(TITLES).map(([name, title]) => {
    const rows = differences.filter((/** @type {any} */ each) => each.section === name);
    return rows.length ? element("section", { class: "card" }, element("h2", {}, title), name === "metadata" ? gitCommand(rows) : null, table(title, rows, runs)) : null;
  });
  main.replaceChildren(element("div", { class: "page wide" },
    element("div", { class: "heading" }, element("h1", {}, `${runs.length} runs, side by side`),
      element("span", { class: "actions" }, element("a", { href: dataAddress("diff", { runs: state().runs }), download: "differences.json" }, "JSON"))),
    ...(differences.length ? sections.filter(Boolean) : [element("p", {}, "The runs are equal in config, settings, summary and code.")]),
    element("section", { class: "card" }, element("h2", {}, "Charts"), chartsOf(runs, signal)),
  ));
  say(`${differences.length} keys differ`);
}

/** @param {string} title @param {any[]} rows The keys that differ. @param {any[]} runs */
function table(title, rows, runs) {
  const heading = (/** @type {any} */ run) => element("th", { scope: "col" }, element("a", { href: runAddress(run) }, run.name || run.id), " ", element("span", { class: "quiet" }, run.id));
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
  const value = element("div", { class: differs ? "value changed" : "value" }, typeof leaf.value === "number" ? shown(leaf.value) : literal(leaf.value));
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
