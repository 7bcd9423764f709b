// Two runs side by side: only what differs, and why.
import { runAddress, state } from "./address.js";
import { element, say } from "./elements.js";
import { ask } from "./server.js";

/**
 * Shows two runs.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function diffView(main, signal) {
  const { a_project, a_id, b_project, b_id } = state();
  const found = await ask("diff", { a_project, a_id, b_project, b_id }, signal);
  const title = (/** @type {any} */ run) => element("a", { href: runAddress(run) }, run.name || run.id);
  document.title = `${found.a.name || found.a.id} and ${found.b.name || found.b.id}`;
  const rows = found.differences.map((/** @type {any} */ each) => element("tr", {},
    element("th", { scope: "row" }, `${each.section}.${each.key}`), ...side(each.a), ...side(each.b)));
  const headings = ["key", found.a.name || found.a.id, "why", found.b.name || found.b.id, "why"];
  const table = element("table", { class: "leaves", "aria-label": "Differences" },
    element("thead", {}, element("tr", {}, ...headings.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows));
  main.replaceChildren(element("div", { class: "page" },
    element("h1", {}, title(found.a), " and ", title(found.b)),
    rows.length ? table : element("p", {}, "The runs are equal in config, settings and summary.")));
  say(`${rows.length} keys differ`);
}

/** @param {any} leaf A value of one run, or null. */
function side(leaf) {
  if (leaf === null) return [element("td", { class: "quiet" }, "–"), element("td")];
  const beaten = leaf.beaten.map((/** @type {any} */ each) => `${each.place} (${each.value === undefined ? "removed" : JSON.stringify(each.value)})`);
  const why = [leaf.place || leaf.layer, ...(beaten.length ? [`over ${beaten.join(", ")}`] : [])].join(" ");
  return [element("td", { class: "value" }, JSON.stringify(leaf.value)), element("td", {}, why)];
}
