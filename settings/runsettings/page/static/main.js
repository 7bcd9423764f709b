// Shows the view that the address names.
import { state } from "./address.js";
import { element, say } from "./elements.js";
import { ask } from "./server.js";
import { chartsView } from "./charts_view.js";
import { diffView } from "./diff_view.js";
import { fileView } from "./file_view.js";
import { drawNavigation } from "./navigation.js";
import { parallelView } from "./parallel_view.js";
import { runView } from "./run_view.js";
import { scatterView } from "./scatter_view.js";
import { tableView } from "./table_view.js";

/** @type {Map<string, (main: HTMLElement, signal: AbortSignal) => Promise<void>>} */
const views = new Map([["charts", chartsView], ["diff", diffView], ["file", fileView], ["parallel", parallelView], ["run", runView], ["scatter", scatterView]]);

let shown = new AbortController();

/** Shows the view of the current address. */
async function show() {
  shown.abort();
  shown = new AbortController();
  const main = /** @type {HTMLElement} */ (document.getElementById("main"));
  const view = views.get(state().view ?? "") ?? tableView;
  const { signal } = shown;
  drawNavigation();
  say("Loading…");
  try {
    await view(main, signal);
  } catch (error) {
    if (signal.aborted) return;
    document.title = "runsettings";
    main.replaceChildren(element("p", { class: "error", role: "alert" }, /** @type {Error} */ (error).message));
    say("");
  }
}

// Links to other views do not load the page again.
document.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest?.("a[href^='/']:not([download])");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  show();
});
addEventListener("popstate", show);

ask("about").then(
  (about) => {
    const place = /** @type {HTMLElement} */ (document.getElementById("place"));
    place.textContent = about.place;
  },
  () => {},
);
show();
