// One file of a run: its text with line numbers, or an image. The text is never markup.
import { contentAddress, runAddress, state } from "./address.js";
import { element, say } from "./elements.js";
import { ask } from "./server.js";
import { number } from "./values.js";

/**
 * Shows a file.
 * @param {HTMLElement} main Where.
 * @param {AbortSignal} signal Ends the view.
 */
export async function fileView(main, signal) {
  const { project, id, path, line } = state();
  const run = { project, id };
  const file = await ask("text", { project, id, path }, signal);
  const name = path.slice(path.lastIndexOf("/") + 1);
  document.title = name;
  const marked = Number(line) || 0;
  main.replaceChildren(element("div", { class: "page" },
    element("p", { class: "path" }, element("a", { href: runAddress(run) }, `run ${id}`)),
    element("h1", {}, path),
    element("p", { class: "quiet" }, `${number(file.size)} bytes`, marked ? `, line ${marked}` : "", " · ",
      element("a", { href: contentAddress(run, path), download: name }, "Download")),
    content(file, run, marked),
  ));
  say(path);
  document.querySelector(".line.marked")?.scrollIntoView({ block: "center" });
}

/**
 * @param {any} file The answer of the server. @param {{project: string, id: string}} run The run.
 * @param {number} marked The number of the line to mark.
 * @returns {HTMLElement} The content.
 */
function content(file, run, marked) {
  if (file.kind === "image") return element("img", { class: "image", src: contentAddress(run, file.path), alt: file.path });
  if (file.kind === "binary") return element("p", {}, "This file is not text.");
  const lines = file.text.replace(/\n$/, "").split("\n").map((/** @type {string} */ text, /** @type {number} */ at) =>
    element("span", { class: at + 1 === marked ? "line marked" : "line", "aria-current": at + 1 === marked }, `${text}\n`));
  const code = element("pre", { class: "code", tabindex: 0, "aria-label": file.path, role: "region" }, element("code", {}, ...lines));
  if (!file.cut) return code;
  return element("div", {}, code, element("p", { class: "quiet" }, "The rest of the file is not shown: download it."));
}
