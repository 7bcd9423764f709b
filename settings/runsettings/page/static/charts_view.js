// The charts of runs: which runs, groups and metrics, and how they are drawn.
import { addressOf, state } from "./address.js";
import { Charts } from "./charts.js";
import { chooseColumns } from "./columns_dialog.js";
import { downloads } from "./downloads.js";
import { element, tickBox } from "./elements.js";
import { drawNavigation } from "./navigation.js";
import { showForm } from "./question_form.js";
import { ask } from "./server.js";

/**
 * Shows the charts.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function chartsView(main, signal) {
  document.title = "Charts";
  const asked = state();
  const links = () => {
    const { where, sort, group, keys, x } = state();
    return downloads("curves", { where, sort, group, keys, x }, "curves");
  };
  const change = (/** @type {import("./charts.js").State} */ more) => {
    history.pushState(null, "", addressOf({ ...state(), ...more }));
    drawNavigation();
    charts.set(more);
    saved.replaceChildren(links());
  };
  const saved = element("span", {}, links());
  const charts = new Charts(asked, change, signal);
  const metrics = element("button", { type: "button" }, "Metrics…");
  metrics.addEventListener("click", async () => {
    const found = charts.found;
    const chosen = found && (await chooseColumns([...new Set([...found.metrics, ...found.keys])], found.keys, "Metrics"));
    metrics.focus();
    if (chosen) change({ keys: chosen.join(",") });
  });
  const smooth = element("input", { type: "range", name: "smooth", min: 0, max: 0.99, step: 0.01, value: asked.smooth ?? 0 });
  smooth.addEventListener("input", () => charts.set({ smooth: smooth.value }));
  smooth.addEventListener("change", () => change({ smooth: Number(smooth.value) ? smooth.value : "" }));
  const tools = [
    metrics,
    select("Against", "x", { step: "step", time: "time since the start", wall: "date and time" }, asked.x, (x) => change({ x: x === "step" ? "" : x, zoom: "" })),
    ...(asked.group ? [select("Band", "band", { range: "min to max", std: "± std" }, asked.band, (band) => change({ band: band === "range" ? "" : band }))] : []),
    element("label", {}, "Smooth", smooth),
    tickBox("Log x", "logx", asked.logx, (logx) => change({ logx })),
    tickBox("Log y", "logy", asked.logy, (logy) => change({ logy })),
    saved,
  ];
  const known = ask("keys", {}, signal).catch(() => []);
  showForm(main, known, true, tools, [element("div", { class: "page wide" }, element("h1", { class: "unseen" }, "Charts"), charts.root)]);
  await charts.start();
}

/**
 * A choice of one of some words.
 * @param {string} label What it chooses. @param {string} name Its name in the address.
 * @param {Record<string, string>} words What is shown, by the word. @param {string | undefined} now The word.
 * @param {(word: string) => void} change Called with a word that was chosen.
 * @returns {HTMLElement} The choice with its label.
 */
function select(label, name, words, now, change) {
  const options = Object.entries(words).map(([word, text]) => element("option", { value: word, selected: word === now }, text));
  const made = element("select", { name, on: { change: () => change(made.value) } }, ...options);
  return element("label", {}, label, made);
}
