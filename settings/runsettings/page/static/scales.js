// Places values on an axis, and draws axes with SVG.
import { number, shown } from "./values.js";

/**
 * @typedef {{at: (value: any) => number | null, ticks: {at: number, label: string}[], numeric: boolean, log: boolean}} Scale
 * The place of a value from 0 to 1, and null for a value that has none.
 */

const WORDS = 24; // of an axis without numbers
const TICKS = 5;
const SPACE = "http://www.w3.org/2000/svg";

/**
 * The scale of some values.
 * @param {any[]} values JSON values; null for none. @param {boolean | "auto"} log Whether it is logarithmic.
 * @returns {Scale}
 */
export function scaleOf(values, log) {
  const known = values.filter((value) => value !== null && value !== undefined);
  const times = known.length > 0 && known.every(isTime);
  if (!times && !known.every(isNumber)) return wordScale(known);
  const numbers = known.map((value) => (times ? Date.parse(value) : value)).filter(Number.isFinite);
  const positive = numbers.filter((value) => value > 0);
  const logarithmic = log === "auto" ? !times && positive.length === numbers.length && Math.max(...numbers) / Math.min(...numbers) >= 50 : log;
  const kept = logarithmic ? positive : numbers;
  const change = logarithmic ? Math.log10 : (/** @type {number} */ value) => value;
  const back = logarithmic ? (/** @type {number} */ value) => 10 ** value : (/** @type {number} */ value) => value;
  let [low, high] = kept.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]).map(change);
  if (!(low < high)) [low, high] = Number.isFinite(low) ? [low - 0.5, high + 0.5] : [0, 1];
  const place = (/** @type {number} */ value) => (change(value) - low) / (high - low);
  const label = (/** @type {number} */ value) => (times ? shown(new Date(value).toISOString(), "time") : number(value));
  return {
    at: (value) => {
      const found = times ? Date.parse(value) : value;
      return typeof found !== "number" || !Number.isFinite(found) || (logarithmic && found <= 0) ? null : place(found);
    },
    ticks: (times ? [low, (low + high) / 2, high] : steps(low, high, logarithmic, numbers.every(Number.isInteger)).map(back)).map((value) => ({ at: place(value), label: label(value) })),
    numeric: true,
    log: logarithmic === true,
  };
}

/** @param {any} value A JSON value. */
function isTime(value) {
  return typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:/.test(value);
}

/** @param {any} value A JSON value. Numbers that JSON lacks are texts. */
function isNumber(value) {
  return typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(value);
}

/** @param {any[]} known Values of any kind. @returns {Scale} */
function wordScale(known) {
  const words = [...new Set(known.map((value) => shown(value)))].sort();
  const places = new Map(words.map((word, at) => [word, (at + 0.5) / words.length]));
  const every = Math.ceil(words.length / WORDS) || 1;
  return {
    at: (value) => (value === null || value === undefined ? null : places.get(shown(value)) ?? null),
    ticks: words.filter((_, at) => at % every === 0).map((word) => ({ at: places.get(word) ?? 0, label: word })),
    numeric: false,
    log: false,
  };
}

/**
 * Round numbers of an axis.
 * @param {number} low Its start. @param {number} high Its end. @param {boolean} log Whether they are powers of ten.
 * @param {boolean} whole Whether all of its values are whole numbers.
 * @returns {number[]} The numbers; their logarithms for powers of ten.
 */
function steps(low, high, log, whole) {
  const size = 10 ** Math.floor(Math.log10((high - low) / TICKS));
  const step = [1, 2, 5, 10].map((each) => each * size).find((each) => (high - low) / each <= TICKS) ?? size;
  const found = [];
  if (log && high - low < 2) { // one decade or two: 1, 2 and 5 of each
    for (let decade = Math.floor(low); decade <= high; decade += 1) found.push(...[1, 2, 5].map((each) => decade + Math.log10(each)));
    return found.filter((each) => each >= low - 1e-9 && each <= high + 1e-9);
  }
  const between = log ? Math.max(1, Math.round(step)) : whole ? Math.max(1, step) : step;
  for (let value = Math.ceil(low / between) * between; value <= high + between / 1e6; value += between) found.push(Number(value.toPrecision(12)));
  return found;
}

/**
 * Makes an element of SVG. Text is always text.
 * @param {string} name Its name. @param {Record<string, any>} given Its attributes. @param {...(Node | string)} children What is in it.
 * @returns {SVGElement}
 */
export function svg(name, given = {}, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SPACE, name));
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A text, shortened. @param {string} text The text. @param {number} most The number of characters. */
export function short(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
