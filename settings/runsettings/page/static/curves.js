// Makes the lines of a chart from curves: smoothing, means of groups, and logarithmic axes.

/**
 * @typedef {(number | string | null)[]} Values Numbers; those that JSON lacks are texts.
 * @typedef {{x: number[], known: number[], minimum: Values, maximum: Values, mean: Values}} Curve
 * @typedef {{project: string, id: string, name: string, state: string, curves: Record<string, Curve>}} Run
 * @typedef {{total: number, metrics: string[], keys: string[], runs: Run[],
 *   groups: {values: any[], runs: number[]}[]}} Found
 * @typedef {{smooth: number, band: string, logX: boolean, logY: boolean}} Options
 * @typedef {(number | null)[]} Numbers
 * @typedef {{number: number, label: string, x: number[], y: Numbers, low?: Numbers, high?: Numbers, raw?: Numbers}} Line
 * A line with the number that its colour has, and maybe a band, and the values before smoothing.
 */

const GRID = 400; // points of the mean of runs whose points are not at the same places
const BANDS = 6; // lines that have a band or their values before smoothing, in a chart of single runs

/**
 * Smooths values: the exponential moving average, without the bias of its first value.
 * @param {Numbers} values The values; null is a gap.
 * @param {number} weight The weight of the values before, from 0 to below 1.
 * @returns {Numbers} The smoothed values.
 */
export function smooth(values, weight) {
  let sum = 0;
  let total = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = weight * sum + (1 - weight) * value;
    total = weight * total + (1 - weight);
    return sum / total;
  });
}

/**
 * The value at a place between points; null outside of them and in gaps.
 * @param {number[]} x The places, in order. @param {Numbers} y The values. @param {number} at The place.
 * @returns {number | null}
 */
export function between(x, y, at) {
  let low = 0;
  let high = x.length - 1;
  if (high < 0 || at < x[0] || at > x[high]) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= at) low = middle;
    else high = middle;
  }
  if (x[low] === at) return y[low];
  if (x[high] === at) return y[high];
  const [a, b] = [y[low], y[high]];
  return a === null || b === null ? null : a + ((b - a) * (at - x[low])) / (x[high] - x[low]);
}

/**
 * The lines of one metric.
 * @param {Found} found The curves. @param {string} key The metric. @param {Options} options The look.
 * @returns {Line[]} A line for each run that has the metric, or for each group of such runs.
 */
export function linesOf(found, key, options) {
  const known = found.runs.map((run) => (Object.hasOwn(run.curves, key) ? own(run.curves[key], options) : null));
  const names = labels(found);
  if (found.groups.length) {
    return found.groups.flatMap((group, number) => {
      const members = group.runs.map((at) => known[at]).filter((each) => each !== null);
      return members.length ? [{ number, label: names[number], ...mean(members, options) }] : [];
    });
  }
  const lines = known.flatMap((line, number) => (line ? [{ number, label: names[number], ...line }] : []));
  return lines.length <= BANDS ? lines : lines.map(({ number, label, x, y }) => ({ number, label, x, y }));
}

/**
 * The names of all lines.
 * @param {Found} found The curves. @returns {string[]} For each group, or else for each run.
 */
export function labels(found) {
  if (found.groups.length) return found.groups.map((group) => group.values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(", "));
  const names = found.runs.map((run) => run.name || run.id);
  return names.map((name, at) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${found.runs[at].id})`));
}

/** @param {Curve} curve The curve of a run. @param {Options} options The look. */
function own(curve, options) {
  const kept = curve.x.map((_, at) => at).filter((at) => !options.logX || curve.x[at] > 0);
  const take = (/** @type {Values} */ values) => kept.map((at) => plotted(values[at], options.logY));
  const y = take(curve.mean);
  const x = kept.map((at) => curve.x[at]);
  if (options.smooth) return { x, y: smooth(y, options.smooth), raw: y };
  if (kept.some((at) => curve.known[at] > 1)) return { x, y, low: take(curve.minimum), high: take(curve.maximum) };
  return { x, y };
}

/** @param {number | string | null} value A value. @param {boolean} log Whether its axis is logarithmic. */
function plotted(value, log) {
  return typeof value !== "number" || (log && value <= 0) ? null : value;
}

/**
 * The mean of runs, with a band.
 * @param {{x: number[], y: Numbers}[]} members The lines of the runs. @param {Options} options The look.
 * @returns {{x: number[], y: Numbers, low?: Numbers, high?: Numbers}}
 */
export function mean(members, options) {
  const x = places(members.map((each) => each.x), options.logX);
  const rows = x.map((at) => members.map((each) => between(each.x, each.y, at)).filter((value) => value !== null));
  const y = rows.map((values) => (values.length ? average(values) : null));
  if (members.length < 2) return { x, y };
  const spread = rows.map((values, at) => {
    if (!values.length) return [null, null];
    if (options.band !== "std") return [Math.min(...values), Math.max(...values)];
    const center = /** @type {number} */ (y[at]);
    const deviation = Math.sqrt(average(values.map((value) => (value - center) ** 2)));
    return [plotted(center - deviation, options.logY), center + deviation];
  });
  return { x, y, low: spread.map((each) => each[0]), high: spread.map((each) => each[1]) };
}

/** @param {number[]} values Numbers, at least one. */
function average(values) {
  return values.reduce((sum, value) => sum + value / values.length, 0);
}

/** @param {number[][]} all The places of each run. @param {boolean} log Whether the axis is logarithmic. */
function places(all, log) {
  const union = [...new Set(all.flat())].sort((a, b) => a - b);
  if (union.length <= Math.max(GRID, ...all.map((each) => each.length))) return union;
  const [first, last] = [union[0], union[union.length - 1]];
  return Array.from({ length: GRID }, (_, at) => {
    const part = at / (GRID - 1);
    return log ? first * (last / first) ** part : first + (last - first) * part;
  });
}
