// The form of a view of many runs: which runs, and how they are grouped.
import { addressOf, go, state } from "./address.js";
import { element } from "./elements.js";

/**
 * Shows a form, and what is below it. The focus stays in the field that it was in.
 * @param {HTMLElement} main Where.
 * @param {Promise<string[]>} known The keys that the fields offer.
 * @param {boolean} grouped Whether the runs can be grouped.
 * @param {Node[]} tools What else is in the form.
 * @param {Node[]} content What is below the form.
 */
export function showForm(main, known, grouped, tools, content) {
  const asked = state();
  const field = (/** @type {string} */ name, /** @type {string} */ example) =>
    element("input", { class: "code", name, list: "keys", value: asked[name] ?? "", placeholder: example, spellcheck: "false", autocomplete: "off" });
  const where = field("where", "config.lr < 0.1 and state = finished");
  const group = field("group", "config.lr");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    go({ ...state(), where: where.value.trim(), ...(grouped ? { group: group.value.trim() } : {}) });
  };
  const keys = element("datalist", { id: "keys" });
  known.then((names) => keys.replaceChildren(...names.map((name) => element("option", { value: name }))));
  const form = element("form", { class: "tools", role: "search", on: { submit } },
    element("label", { class: "wide" }, "Filter", where),
    grouped ? element("label", {}, "Group by", group) : null,
    element("button", { type: "submit" }, "Apply"), ...tools, keys);
  const focused = document.activeElement?.getAttribute("name");
  main.replaceChildren(form, ...content);
  if (focused) /** @type {HTMLElement | null} */ (form.querySelector(`[name="${CSS.escape(focused)}"]`))?.focus();
}

/**
 * What a view says if there is no run to show.
 * @returns {HTMLElement} The text, with a link that takes the filter away.
 */
export function noRuns() {
  const { where, ...rest } = state();
  const text = where ? ["No run matches the filter. ", element("a", { href: addressOf(rest) }, "Show all runs")] : ["There are no runs yet. A run appears here as soon as it starts."];
  return element("p", { class: "quiet empty", hidden: true }, ...text);
}
