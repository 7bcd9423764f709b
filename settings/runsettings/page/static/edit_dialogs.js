// Changes and deletes a run, each after a question.
import { element } from "./elements.js";
import { change } from "./server.js";

/**
 * Asks for the name, the notes and the tags of a run, and saves them.
 * @param {any} run The run.
 * @returns {Promise<boolean>} Whether it was changed.
 */
export function editRun(run) {
  const name = element("input", { name: "name", value: run.name ?? "", required: true, autocomplete: "off" });
  const tags = element("textarea", { name: "tags", rows: 3, spellcheck: "false" });
  tags.value = (run.tags ?? []).join("\n");
  const notes = element("textarea", { name: "notes", rows: 5 });
  notes.value = run.notes ?? "";
  const fields = [
    element("label", {}, "Name", name),
    element("label", {}, "Tags, one a line", tags),
    element("label", {}, "Notes", notes),
  ];
  return ask("Edit the run", fields, "Save", async () => {
    const wanted = tags.value.split("\n").map((/** @type {string} */ tag) => tag.trim()).filter(Boolean);
    const known = run.tags ?? [];
    await change("edit", {
      project: run.project,
      id: run.id,
      add: wanted.filter((/** @type {string} */ tag) => !known.includes(tag)),
      remove: known.filter((/** @type {string} */ tag) => !wanted.includes(tag)),
      ...(name.value === (run.name ?? "") ? {} : { name: name.value }),
      ...(notes.value === (run.notes ?? "") ? {} : { notes: notes.value }),
    });
  });
}

/**
 * Asks whether to delete a run, and deletes it.
 * @param {any} run The run.
 * @param {string} place The directory or the store that has it.
 * @returns {Promise<boolean>} Whether it was deleted.
 */
export function deleteRun(run, place) {
  const text = [
    element("p", {}, "Delete ", element("strong", {}, run.name || run.id), ` (${run.id}) of the project ${run.project}?`),
    element("p", { class: "quiet" }, `It is deleted from ${place} with all of its files, and so are earlier runs that it overwrote. This cannot be undone.`),
  ];
  return ask("Delete the run", text, "Delete", () => change("delete", { project: run.project, id: run.id }), "danger");
}

/**
 * Shows a dialog, and does what it asks for.
 * @param {string} title The heading. @param {Node[]} content What is below it.
 * @param {string} verb The text of the button. @param {() => Promise<any>} act What the button does.
 * @param {string} [kind] The class of the button.
 * @returns {Promise<boolean>} Whether it was done.
 */
function ask(title, content, verb, act, kind = "primary") {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const error = element("p", { class: "error", role: "alert" });
  const button = element("button", { type: "submit", class: kind }, verb);
  const cancel = element("button", { type: "button", on: { click: () => dialog.close("") } }, "Cancel");
  const form = element("form", {}, element("h2", { id: "dialog-title" }, title), ...content, error, element("div", { class: "buttons" }, cancel, button));
  const dialog = element("dialog", { "aria-labelledby": "dialog-title", class: "edit" }, form);
  return new Promise((resolve) => {
    form.addEventListener("submit", async (/** @type {Event} */ event) => {
      event.preventDefault();
      button.disabled = true;
      error.textContent = "";
      try {
        await act();
        dialog.close("done");
      } catch (problem) {
        error.textContent = /** @type {Error} */ (problem).message;
        button.disabled = false;
      }
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue === "done");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
