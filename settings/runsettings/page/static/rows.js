// The rows of the table or of one group. They are read from the server in parts of `PART` rows.
import { ask } from "./server.js";

const PART = 100;

/**
 * @typedef {{columns: {key: string, kind: string}[], total: number, rows: any[], reading: number}} Answer
 */

export class Rows {
  /**
   * @param {Record<string, string>} state The filter, order, columns and groups of the view.
   * @param {AbortSignal} signal Ends the reading.
   * @param {string} [member] The group whose runs to read; without it, the whole table.
   */
  constructor(state, signal, member = undefined) {
    const { where, sort, columns, group } = state;
    this.asked = { where, sort, columns, group, member };
    this.signal = signal;
    this.total = 0;
    this.reading = 0; // journals that are still read
    this.number = 0; // of the group in the table
    /** @type {Answer["columns"]} */
    this.columns = [];
    /** @type {Map<number, any[]>} The rows by the number of their part; empty while it is read. */
    this.parts = new Map();
  }

  /** @param {number} number The number of a row. @returns {any} The row, if it was read. */
  at(number) {
    return this.parts.get(Math.floor(number / PART))?.[number % PART];
  }

  /**
   * Reads the first part, and those of some rows, without taking them over.
   * @param {Iterable<number>} numbers The numbers of the rows.
   * @returns {Promise<[number, Answer][]>} The answer for each part.
   */
  read(numbers) {
    const parts = new Set([0, ...[...numbers].map((number) => Math.floor(number / PART))]);
    return Promise.all([...parts].map(async (part) => [part, await this.ask(part)]));
  }

  /** Takes over what was read in place of all parts. @param {[number, Answer][]} found From `read`. */
  take(found) {
    this.parts.clear();
    for (const [part, answer] of found) this.keep(part, answer);
  }

  /**
   * Reads the part of a row, unless it is here or being read.
   * @param {number} number The number of the row.
   * @param {() => void} done Called when it was read.
   */
  async fill(number, done) {
    const part = Math.floor(number / PART);
    if (this.parts.has(part)) return;
    this.parts.set(part, []);
    try {
      this.keep(part, await this.ask(part));
      done();
    } catch {
      this.parts.delete(part); // the next look asks again, and says what is wrong
    }
  }

  /** @param {number} part The number of a part. @returns {Promise<Answer>} */
  ask(part) {
    return ask("table", { ...this.asked, offset: part * PART, limit: PART }, this.signal);
  }

  keep(/** @type {number} */ part, /** @type {Answer} */ answer) {
    this.parts.set(part, answer.rows);
    this.total = answer.total;
    this.columns = answer.columns;
    this.reading = answer.reading;
  }
}
