/** Small pieces that several views use. */

import { h, icon, setAttribute, setIcon, setText } from '../dom.js';

/** @typedef {import('../model.js').State} State */

/** The dashes of the lines of each controller, so that they differ without colours too. */
export const DASHES = [[], [8, 3], [3, 2], [10, 3, 2, 3], [5, 5], [14, 3], [1, 3]];

/** @param {number} id of a controller */
export function seriesIndex(id) {
  return id % DASHES.length;
}

const SVG = 'http://www.w3.org/2000/svg';

/**
 * A piece of the line by which the charts show a controller.
 *
 * @param {number} id
 */
export function swatch(id) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('viewBox', '0 0 22 10');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', 'M0 5h22');
  line.setAttribute('stroke', `var(--series-${seriesIndex(id)})`);
  line.setAttribute('stroke-width', '3');
  line.setAttribute('stroke-dasharray', DASHES[seriesIndex(id)]?.join(' ') ?? '');
  svg.append(line);
  return svg;
}

/** A state as a shape with a word. */
export function stateMark() {
  const symbol = icon('unknown');
  const word = h('span');
  const node = h('span', { class: 'with-icon' }, symbol, word);
  return {
    node,
    /**
     * @param {State} state
     * @param {string} text
     */
    update(state, text) {
      setIcon(symbol, state);
      setAttribute(symbol, 'class', `icon state-${state}`);
      setText(word, text);
    },
  };
}

/**
 * A list of terms with values that change.
 *
 * @param {string} className
 * @param {readonly string[]} terms
 */
export function factList(className, terms) {
  const values = terms.map(() => h('dd', {}, '–'));
  const node = h(
    'dl',
    { class: className },
    ...terms.map((term, index) => h('div', {}, h('dt', {}, term), values[index] ?? null)),
  );
  return {
    node,
    /** @param {readonly string[]} texts one for each term */
    update(texts) {
      values.forEach((value, index) => {
        const text = texts[index] ?? '–';
        setText(value, text);
        setAttribute(value, 'title', text);
      });
    },
  };
}

/**
 * @param {string} title
 * @param {...(Node | string | null)} more beside the title
 */
export function panelHead(title, ...more) {
  return h('div', { class: 'panel-head' }, h('h2', {}, title), ...more);
}

/** A sentence about what has just happened, in a box; screen readers say it. */
export function notice() {
  const symbol = icon('info');
  const text = h('p');
  const node = h('div', { class: 'notice', role: 'status', hidden: true }, symbol, text);
  return {
    node,
    /**
     * @param {State | 'info'} state
     * @param {string} sentence
     */
    say(state, sentence) {
      node.hidden = false;
      node.className = `notice is-${state}`;
      setIcon(symbol, state);
      symbol.setAttribute('class', `icon state-${state}`);
      setText(text, sentence);
    },
    clear() {
      node.hidden = true;
      setText(text, '');
    },
  };
}
