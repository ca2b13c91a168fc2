/**
 * The few helpers by which the page makes and changes its elements. Text always enters as text, never as
 * HTML, since keys, reasons and addresses come from elsewhere. A node changes only when its content does, so
 * that focus, selections and screen readers are left alone while figures are refreshed.
 */

/**
 * @typedef {Node | string | null} Child
 * @typedef {Record<string, string | boolean | ((event: any) => void)>} Props `onclick` and the like are listeners
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else setAttribute(node, name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string | boolean | null} value false and null remove the attribute
 */
export function setAttribute(node, name, value) {
  if (value === false || value === null) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : value;
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/**
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {HTMLElement} node
 * @param {boolean} isShown
 */
export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * An icon of the sprite in index.html. It is never alone: words beside it say the same.
 *
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'use'));
  setIcon(svg, name);
  return svg;
}

/**
 * @param {SVGElement} svg
 * @param {string} name
 */
export function setIcon(svg, name) {
  const use = svg.firstElementChild;
  if (use !== null) setAttribute(use, 'href', `#i-${name}`);
}

/**
 * A list whose elements are kept from one update to the next, by key.
 *
 * @template T
 */
export class KeyedList {
  #parent;
  #keyOf;
  #create;
  /** @type {Map<string, { node: Element, update: (item: T) => void }>} */
  #rows = new Map();

  /**
   * @param {Element} parent
   * @param {(item: T) => string} keyOf
   * @param {(item: T) => { node: Element, update: (item: T) => void }} create
   */
  constructor(parent, keyOf, create) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#create = create;
  }

  /** @param {readonly T[]} items */
  update(items) {
    const rows = this.#rows;
    const wanted = new Set(items.map(this.#keyOf));
    for (const [key, { node }] of rows) {
      if (wanted.has(key)) continue;
      node.remove();
      rows.delete(key);
    }
    items.forEach((item, index) => {
      const key = this.#keyOf(item);
      let row = rows.get(key);
      if (row === undefined) {
        row = this.#create(item);
        rows.set(key, row);
      }
      row.update(item);
      const there = this.#parent.children[index];
      if (there !== row.node) this.#parent.insertBefore(row.node, there ?? null);
    });
  }
}
