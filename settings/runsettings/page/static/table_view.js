// The table of runs: filter, columns, groups, order, and comparing two runs.
import { diffState, go, state } from "./address.js";
import { chooseColumns } from "./columns_dialog.js";
import { downloads } from "./downloads.js";
import { element, say } from "./elements.js";
import { Grid, placeOf } from "./grid.js";
import { keepLooking } from "./live.js";
import { noRuns, showForm } from "./question_form.js";
import { ask } from "./server.js";
import { counted, number } from "./values.js";

const SOON = 300; // milliseconds until the next look while the runs are read for the first time

/**
 * Shows the table.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function tableView(main, signal) {
  document.title = "Runs";
  const { where, sort, columns, group } = state();
  const change = (/** @type {Record<string, string>} */ more) => go({ ...state(), ...more });
  const known = ask("keys", {}, signal).catch(() => []);
  const choose = element("button", { type: "button" }, "Columns…");
  const compare = element("button", { type: "button", disabled: true }, "Compare");
  const error = element("p", { class: "error", role: "alert" });
  const empty = noRuns();
  const grid = new Grid({
    state: state(),
    change,
    choose: (chosen) => {
      compare.disabled = chosen.length < 2;
      compare.textContent = chosen.length ? `Compare ${chosen.length} chosen` : "Compare";
    },
    signal,
  });
  compare.addEventListener("click", () => go(diffState(grid.chosen())));
  choose.addEventListener("click", async () => {
    const current = grid.columns.map((column) => column.key);
    const found = await chooseColumns(await known, current);
    choose.focus();
    if (found) change({ columns: found.join(",") });
  });
  const cell = placeOf(document.activeElement);
  const tools = [choose, compare, downloads("table", { where, sort, columns, group }, "runs")];
  showForm(main, known, true, tools, [element("h1", { class: "unseen" }, "Runs"), error, grid.root]);
  grid.root.append(empty);

  const load = async () => {
    try {
      await grid.load();
    } catch (problem) {
      if (!signal.aborted) error.textContent = /** @type {Error} */ (problem).message;
      return;
    }
    error.textContent = "";
    const { reading } = grid.rows;
    const shown = counted(grid.total, group ? "group" : "run");
    empty.hidden = grid.total > 0 || reading > 0;
    say(reading ? `${shown} of the newest runs, while ${number(reading)} are read` : shown);
    return reading ? SOON : undefined;
  };
  await load();
  if (cell && !signal.aborted) grid.focus(cell);
  keepLooking(load, signal);
}
