// Makes elements. Text is always text: no function here takes markup.

/**
 * Makes an element.
 * @param {string} name The name of the element.
 * @param {Record<string, any>} given Attributes; `on` has listeners by event, `class` the class.
 * @param {...(Node | string | number | null | undefined)} children Elements, and texts.
 * @returns {any} The element.
 */
export function element(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.filter((each) => each !== null && each !== undefined).map((each) => (each instanceof Node ? each : String(each))));
  return made;
}

/**
 * Says something to people who see the page and to those who hear it.
 * @param {string} text What to say.
 */
export function say(text) {
  const status = document.getElementById("status");
  if (status && status.textContent !== text) status.textContent = text;
}
