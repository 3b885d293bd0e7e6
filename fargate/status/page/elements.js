/** The page's elements: finds them once and writes text into them, only when it changed. Owns no figure. */

const fields = new Map();
for (const element of document.querySelectorAll("[data-field]")) fields.set(element.dataset.field, element);

/** Writes each text into the element of that `data-field`. */
export function fill(texts) {
  for (const [name, text] of Object.entries(texts)) setText(fields.get(name), text);
}

export function byId(id) {
  return document.getElementById(id);
}

/** Always by `textContent`: what the task says is never read as markup. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

/** Keeps exactly `length` children in `parent`, made by `make`, and returns them: rows are kept, not built anew. */
export function children(parent, length, make) {
  while (parent.childElementCount > length) parent.lastElementChild.remove();
  while (parent.childElementCount < length) parent.append(make());
  return parent.children;
}

/** An element with classes and children. */
export function element(name, className = "", ...content) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...content);
  return made;
}
