// The links to the views of many runs. Each keeps the filter, the order and the groups.
import { addressOf, state } from "./address.js";
import { element } from "./elements.js";

const VIEWS = { "": "Table", charts: "Charts", scatter: "Scatter", parallel: "Parallel" };

/** Draws the links for the current address. */
export function drawNavigation() {
  const { view, where, sort, group } = state();
  const links = Object.entries(VIEWS).map(([name, text]) => element("a", { href: addressOf({ view: name, where, sort, group }), "aria-current": (view ?? "") === name ? "page" : null }, text));
  document.getElementById("views")?.replaceChildren(...links);
}
