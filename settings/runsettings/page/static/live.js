// Keeps a view up to date while it is open.
import { replaceContent } from "./elements.js";

const PAUSE = 1000; // milliseconds between two looks for new records
const SHARE = 4; // a look that takes long is followed by a pause of so many times that long

/**
 * Calls a function again and again while the page is seen.
 * @param {() => Promise<number | null | void>} look The function. It may return how many milliseconds
 *   to wait until the next call, or null to end.
 * @param {AbortSignal} signal Ends it.
 */
export function keepLooking(look, signal) {
  const again = async () => {
    if (signal.aborted) return;
    const begun = performance.now();
    const pause = document.hidden ? PAUSE : await look();
    if (pause !== null) setTimeout(again, Math.max(pause ?? PAUSE, SHARE * (performance.now() - begun)));
  };
  setTimeout(again, PAUSE);
}

/**
 * A part of a view that is replaced only if it looks different.
 * @template Data
 * @param {HTMLElement} box Where it is.
 * @param {(data: Data) => HTMLElement[]} draw Makes its content.
 * @returns {{box: HTMLElement, show: (data: Data) => void}} The part, and what shows it for new data.
 */
export function livePart(box, draw) {
  let before = "";
  const show = (/** @type {Data} */ data) => {
    const content = draw(data);
    const text = content.map((each) => each.outerHTML).join("");
    if (text === before) return;
    before = text;
    replaceContent(box, content);
  };
  return { box, show };
}
