// The links that save what a view shows.
import { queryOf } from "./address.js";
import { element } from "./elements.js";

/**
 * Links to the data of a view as CSV and as JSON.
 * @param {string} name The first part of the address of the data.
 * @param {Record<string, any>} asked What to ask for.
 * @param {string} file The name of the file, without its ending.
 * @returns {HTMLElement} The links.
 */
export function downloads(name, asked, file) {
  const link = (/** @type {string} */ form) => element("a", { href: `/${name}.${form}?${queryOf(asked)}`, download: `${file}.${form}` }, form.toUpperCase());
  return element("span", { class: "downloads" }, link("csv"), link("json"));
}
