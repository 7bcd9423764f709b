// The charts of runs: which runs, groups and metrics, and how they are drawn.
import { addressOf, go, state } from "./address.js";
import { Charts, copyAddress } from "./charts.js";
import { chooseColumns } from "./columns_dialog.js";
import { element } from "./elements.js";
import { ask } from "./server.js";
import { drawNavigation } from "./navigation.js";

/**
 * Shows the charts.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function chartsView(main, signal) {
  document.title = "Charts";
  const asked = state();
  const change = (/** @type {import("./charts.js").State} */ more) => {
    history.pushState(null, "", addressOf({ ...state(), ...more }));
    drawNavigation();
    charts.set(more);
    copies.replaceChildren(...links());
  };
  const links = () => ["csv", "json"].map((form) => element("a", { href: copyAddress(state(), form), download: `curves.${form}` }, form.toUpperCase()));
  const charts = new Charts(asked, change, signal);
  const where = element("input", { class: "code", name: "where", list: "keys", value: asked.where ?? "", placeholder: "config.lr < 0.1 and state = finished", spellcheck: "false", autocomplete: "off" });
  const group = element("input", { class: "code", name: "group", list: "keys", value: asked.group ?? "", placeholder: "config.lr", spellcheck: "false", autocomplete: "off" });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    go({ ...state(), where: where.value.trim(), group: group.value.trim() });
  };
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
  const copies = element("span", { class: "copies" }, ...links());
  const form = element("form", { class: "tools", role: "search", on: { submit } },
    element("label", { class: "wide" }, "Filter", where),
    element("label", {}, "Group by", group),
    element("button", { type: "submit" }, "Apply"),
    metrics,
    select("Against", "x", { step: "step", time: "time since the start", wall: "date and time" }, asked.x, (x) => change({ x: x === "step" ? "" : x, zoom: "" })),
    ...(asked.group ? [select("Band", "band", { range: "min to max", std: "± std" }, asked.band, (band) => change({ band: band === "range" ? "" : band }))] : []),
    element("label", {}, "Smooth", smooth),
    check("Log x", asked.logx, (logx) => change({ logx })),
    check("Log y", asked.logy, (logy) => change({ logy })),
    copies,
    element("datalist", { id: "keys" }));
  const before = document.activeElement?.getAttribute("name");
  main.replaceChildren(form, element("div", { class: "page wide" }, element("h1", { class: "unseen" }, "Charts"), charts.root));
  if (before) /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(before)}"]`))?.focus();
  ask("keys", {}, signal).then((names) => form.querySelector("datalist").replaceChildren(...names.map((/** @type {string} */ name) => element("option", { value: name }))), () => {});
  await charts.start();
}

/**
 * A choice of one of some words.
 * @param {string} label What it chooses. @param {string} name Its name in the address.
 * @param {Record<string, string>} words What is shown, by the word. @param {string | undefined} now The word.
 * @param {(word: string) => void} change Called with a word that was chosen.
 */
export function select(label, name, words, now, change) {
  const options = Object.entries(words).map(([word, text]) => element("option", { value: word, selected: word === now }, text));
  const made = element("select", { name, on: { change: () => change(made.value) } }, ...options);
  return element("label", {}, label, made);
}

/**
 * A box to tick.
 * @param {string} label What it says. @param {string | undefined} now `1` if it is ticked.
 * @param {(now: string) => void} change Called with `1`, or with nothing.
 */
function check(label, now, change) {
  const box = element("input", { type: "checkbox", checked: now === "1", on: { change: () => change(box.checked ? "1" : "") } });
  return element("label", { class: "box" }, box, label);
}
