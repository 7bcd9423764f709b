// Chooses the columns of the table, or other keys, and their order.
import { element } from "./elements.js";

const MOST = 300; // keys that are listed at once

/**
 * Asks for keys.
 * @param {string[]} known All keys.
 * @param {string[]} current The keys that are shown, in their order.
 * @param {string} [title] What they are.
 * @returns {Promise<string[] | null>} The keys, or null if the dialog was left.
 */
export function chooseColumns(known, current, title = "Columns") {
  let chosen = [...current];
  const find = element("input", { type: "search", "aria-label": "Find a key", placeholder: "Find a key" });
  const list = element("ul", { "aria-label": "Keys" });
  const move = (/** @type {string} */ key, /** @type {number} */ by) => {
    const at = chosen.indexOf(key);
    const to = Math.max(0, Math.min(chosen.length - 1, at + by));
    chosen.splice(to, 0, ...chosen.splice(at, 1));
    draw();
    /** @type {HTMLElement | null} */ (list.querySelector(`[data-move="${CSS.escape(`${by} ${key}`)}"]`))?.focus();
  };
  const item = (/** @type {string} */ key) => {
    const box = element("input", { type: "checkbox", "data-key": key });
    box.checked = chosen.includes(key);
    box.addEventListener("change", () => {
      chosen = box.checked ? [...chosen, key] : chosen.filter((each) => each !== key);
      draw();
      /** @type {HTMLElement | null} */ (list.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus();
    });
    const mover = (/** @type {number} */ by, /** @type {string} */ sign, /** @type {string} */ name) =>
      element("button", { type: "button", "data-move": `${by} ${key}`, "aria-label": `Move ${key} ${name}`, on: { click: () => move(key, by) } }, sign);
    return element("li", {}, element("label", {}, box, " ", key), ...(box.checked ? [mover(-1, "↑", "up"), mover(1, "↓", "down")] : []));
  };
  const draw = () => {
    const text = find.value.toLowerCase();
    const others = known.filter((key) => !chosen.includes(key));
    const found = [...chosen, ...others].filter((key) => key.toLowerCase().includes(text));
    const more = found.length > MOST ? [element("li", { class: "quiet" }, `${found.length - MOST} more: type a part of the key`)] : [];
    list.replaceChildren(...found.slice(0, MOST).map(item), ...more);
  };
  find.addEventListener("input", draw);
  draw();
  return new Promise((resolve) => {
    const form = element("form", { method: "dialog" },
      element("h2", { id: "columns-title" }, title), find, list,
      element("button", { value: "ok" }, "Show these"), " ", element("button", { value: "" }, "Cancel"));
    const dialog = element("dialog", { "aria-labelledby": "columns-title" }, form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "ok" ? chosen : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    find.focus();
  });
}
