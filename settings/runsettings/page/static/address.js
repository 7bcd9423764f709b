// The state of a view, which is its address: it can be sent, and the back button works.

/** @returns {Record<string, string>} The state. */
export function state() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

/**
 * The query of an address.
 * @param {Record<string, any>} wanted Its members; those without a value are left out.
 * @returns {string} The query.
 */
export function queryOf(wanted) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(wanted)) if (![undefined, null, ""].includes(value)) query.set(key, String(value));
  return query.toString();
}

/**
 * The address of a state.
 * @param {Record<string, any>} wanted The state; members without a value are left out.
 * @returns {string} The address.
 */
export function addressOf(wanted) {
  const query = queryOf(wanted);
  return query ? `/?${query}` : "/";
}

/**
 * Goes to a state, in place of the current page.
 * @param {Record<string, string | null | undefined>} wanted The state.
 */
export function go(wanted) {
  history.pushState(null, "", addressOf(wanted));
  dispatchEvent(new Event("popstate"));
}

/**
 * The address of the view of one run.
 * @param {{project: string, id: string}} run The run.
 * @returns {string} The address.
 */
export function runAddress(run) {
  return addressOf({ view: "run", project: run.project, id: run.id });
}

/**
 * The address of the view of a file of a run.
 * @param {{project: string, id: string}} run The run.
 * @param {string} path The path of the file.
 * @param {number} [line] The line to mark.
 * @returns {string} The address.
 */
export function fileAddress(run, path, line = undefined) {
  return addressOf({ view: "file", project: run.project, id: run.id, path, line });
}

/**
 * The address of the content of a file of a run.
 * @param {{project: string, id: string}} run The run.
 * @param {string} path The path of the file.
 * @returns {string} The address.
 */
export function contentAddress(run, path) {
  return `/file?${queryOf({ project: run.project, id: run.id, path })}`;
}

/**
 * The state of the comparison of runs.
 * @param {{project: string, id: string}[]} runs The runs.
 * @returns {Record<string, string>} The state of the view.
 */
export function diffState(runs) {
  return { view: "diff", runs: runs.map((run) => `${encodeURIComponent(run.project)}/${encodeURIComponent(run.id)}`).join(",") };
}
