// Asks the server.
import { queryOf } from "./address.js";

/**
 * Asks for data.
 * @param {string} name The last part of the address.
 * @param {Record<string, any>} asked What to ask for; members without a value are left out.
 * @param {AbortSignal} [signal] Ends the question.
 * @returns {Promise<any>} The data.
 */
export async function ask(name, asked = {}, signal = undefined) {
  return answered(fetch(`/api/${name}?${queryOf(asked)}`, { signal }), signal);
}

/**
 * Changes runs.
 * @param {string} name The last part of the address.
 * @param {Record<string, any>} body What to change.
 * @returns {Promise<any>} The answer.
 */
export function change(name, body) {
  const headers = { "content-type": "application/json" };
  return answered(fetch(`/api/${name}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

/**
 * Waits for an answer.
 * @param {Promise<Response>} coming The answer.
 * @param {AbortSignal} [signal] Ends the question.
 * @returns {Promise<any>} Its data.
 */
async function answered(coming, signal = undefined) {
  let answer;
  try {
    answer = await coming;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error("the page's server does not answer: it was ended, or its machine sleeps");
  }
  // What the guard says to a browser that it does not know is text.
  if (!answer.ok && answer.headers.get("content-type") !== "application/json") throw new Error(await answer.text());
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error ?? answer.statusText);
  return data;
}
