// Shows values in the form of the browser's language, and writes them in the language of filters.

const numbers = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6, notation: "scientific" });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

/**
 * A value as text.
 * @param {any} value A JSON value.
 * @param {string} [kind] The kind of its key: value, time, duration, state or list.
 * @returns {string} The text.
 */
export function shown(value, kind = "value") {
  if (value === null || value === undefined) return "";
  if (kind === "time") return Number.isNaN(Date.parse(value)) ? String(value) : times.format(new Date(value));
  if (kind === "duration") return duration(value);
  if (typeof value === "number") return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * A number as text.
 * @param {number | string} value The number; NaN and infinities are texts.
 * @returns {string} The text.
 */
export function number(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isSafeInteger(value)) return whole.format(value);
  const size = Math.abs(value);
  return (size < 1e-4 || size >= 1e9 ? small : numbers).format(value);
}

/**
 * A number of things.
 * @param {number} count How many. @param {string} name One of them.
 * @returns {string} Such as `1 run` or `2 runs`.
 */
export function counted(count, name) {
  return `${number(count)} ${name}${count === 1 ? "" : "s"}`;
}

/** @param {any} value Seconds. @returns {string} A text such as `1h 5m`. */
function duration(value) {
  if (typeof value !== "number" || value < 0) return String(value);
  if (value < 60) return `${numbers.format(Math.round(value * 10) / 10)}s`;
  const parts = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  let rest = Math.round(value);
  const found = [];
  for (const [unit, size] of /** @type {[string, number][]} */ (parts)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count || found.length) found.push(`${count}${unit}`);
  }
  return found.slice(0, 2).join(" ");
}

/**
 * The filter for runs with a value.
 * @param {string} key The key.
 * @param {any} value Its value.
 * @param {string} kind The kind of the key.
 * @returns {string | null} The filter, or null if the language has none for it.
 */
export function filterFor(key, value, kind) {
  if (key.includes("`") || (typeof value === "object" && value !== null)) return null;
  const name = /^[\w.]+$/.test(key) ? key : `\`${key}\``;
  // A number that JSON lacks comes as a text, and no filter finds NaN.
  if (value === null || value === undefined || ["NaN", "Infinity", "-Infinity"].includes(value)) return null;
  if (kind === "time" || kind === "duration") return `${name} >= ${value}`;
  if (typeof value === "string") return `${name} = "${value.replace(/["\\]/g, "\\$&")}"`;
  return `${name} = ${value}`;
}
