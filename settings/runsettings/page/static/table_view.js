// The table of runs: filter, columns, groups, order, and comparing two runs.
import { diffState, go, state } from "./address.js";
import { chooseColumns } from "./columns_dialog.js";
import { element, say } from "./elements.js";
import { Grid, placeOf } from "./grid.js";
import { ask } from "./server.js";

const SOON = 300; // milliseconds until the next look while the runs are read for the first time
const LIVE = 2000; // milliseconds between two looks for new records

/**
 * Shows the table.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function tableView(main, signal) {
  document.title = "Runs";
  const asked = state();
  const error = element("p", { class: "error", role: "alert" });
  const where = element("input", { class: "code", name: "where", list: "keys", value: asked.where ?? "", placeholder: "config.lr < 0.1 and state = finished", spellcheck: "false", autocomplete: "off" });
  const group = element("input", { class: "code", name: "group", list: "keys", value: asked.group ?? "", placeholder: "config.lr", spellcheck: "false", autocomplete: "off" });
  const compare = element("button", { type: "button", disabled: true }, "Compare");
  const columns = element("button", { type: "button" }, "Columns…");
  const keys = element("datalist", { id: "keys" });
  const change = (/** @type {Record<string, string>} */ more) => go({ ...state(), ...more });
  const form = element(
    "form",
    { class: "tools", role: "search", on: { submit: (/** @type {Event} */ event) => { event.preventDefault(); change({ where: where.value.trim(), group: group.value.trim() }); } } },
    element("label", { class: "wide" }, "Filter", where),
    element("label", {}, "Group by", group),
    element("button", { type: "submit" }, "Apply"),
    columns,
    compare,
    ...["csv", "json"].map((form) => element("a", { href: `/table.${form}${location.search}`, download: `runs.${form}` }, form.toUpperCase())),
    keys,
  );
  const grid = new Grid({
    state: asked,
    change,
    choose: (chosen) => {
      compare.disabled = chosen.length < 2;
      compare.textContent = chosen.length ? `Compare ${chosen.length} chosen` : "Compare";
    },
    signal,
  });
  compare.addEventListener("click", () => {
    go(diffState(grid.chosen()));
  });
  const known = ask("keys", {}, signal).catch(() => []);
  known.then((names) => keys.replaceChildren(...names.map((/** @type {string} */ name) => element("option", { value: name }))));
  columns.addEventListener("click", async () => {
    const current = grid.columns.map((column) => column.key);
    const found = await chooseColumns(await known, current);
    columns.focus();
    if (found) change({ columns: found.join(",") });
  });
  const before = document.activeElement?.getAttribute("name");
  const cell = placeOf(document.activeElement);
  main.replaceChildren(element("h1", { class: "unseen" }, "Runs"), form, error, grid.root);
  if (before) /** @type {HTMLElement | null} */ (form.querySelector(`[name="${before === "group" ? "group" : "where"}"]`))?.focus();

  let soon = 0;
  const load = async () => {
    try {
      await grid.load();
      error.textContent = "";
      const numbers = new Intl.NumberFormat();
      const counted = `${numbers.format(grid.total)} ${asked.group ? "groups" : "runs"}`;
      const { reading } = grid.rows;
      say(reading ? `${counted} of the newest runs, while ${numbers.format(reading)} are read` : counted);
      if (reading) soon = setTimeout(load, SOON);
    } catch (problem) {
      if (signal.aborted) return;
      error.textContent = /** @type {Error} */ (problem).message;
    }
  };
  await load();
  if (cell && !signal.aborted) grid.focus(cell);
  const timer = setInterval(() => { if (!document.hidden && !signal.aborted) load(); }, LIVE);
  signal.addEventListener("abort", () => { clearInterval(timer); clearTimeout(soon); });
}

