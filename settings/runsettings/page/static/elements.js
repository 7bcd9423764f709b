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
 * A box to tick.
 * @param {string} label What it says. @param {string} name Its name in the address.
 * @param {string | undefined} now `1` if it is ticked.
 * @param {(now: string) => void} change Called with `1`, or with an empty text.
 * @returns {HTMLElement} The box with its label.
 */
export function tickBox(label, name, now, change) {
  const box = element("input", { type: "checkbox", name, checked: now === "1", on: { change: () => change(box.checked ? "1" : "") } });
  return element("label", { class: "box" }, box, label);
}

/**
 * Replaces what is in an element. The focus and the places of scrolled boxes stay.
 * @param {HTMLElement} box The element.
 * @param {Node[]} content What is in it from now on.
 */
export function replaceContent(box, content) {
  const stops = () => /** @type {HTMLElement[]} */ ([...box.querySelectorAll("a, button, input, summary, [tabindex]")]);
  const boxes = () => [...box.querySelectorAll(".scrolled")];
  const focused = stops().findIndex((each) => each === document.activeElement);
  const places = boxes().map((each) => each.scrollLeft);
  box.replaceChildren(...content);
  boxes().forEach((each, at) => { each.scrollLeft = places[at] ?? 0; });
  stops()[focused]?.focus();
}

/**
 * Says something to people who see the page and to those who hear it.
 * @param {string} text What to say.
 */
export function say(text) {
  const status = document.getElementById("status");
  if (status && status.textContent !== text) status.textContent = text;
}
