// The colours of lines and points. They are in page.css, for a dark and a light look.

const COLOURS = 10;
/** @type {number[][]} */
const DASHES = [[], [8, 4], [2, 3]];

/** @param {number} number The number of a line. @returns {string} Its colour, as `#rrggbb`. */
export function colour(number) {
  return css(`--colour-${number % COLOURS}`);
}

/** @param {number} number The number of a line. @returns {number[]} Its dashes: lines of one colour differ. */
export function dashes(number) {
  return DASHES[Math.floor(number / COLOURS) % DASHES.length];
}

/** @param {string} name The name of a variable in page.css. @returns {string} Its value. */
export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * Calls a function when the look changes from light to dark or back.
 * @param {() => void} draw The function. @param {AbortSignal} signal Ends it.
 */
export function onLook(draw, signal) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
}
