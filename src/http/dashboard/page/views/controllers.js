/** A card for each controller: its state, its figures, and its links to the others. */

import { h, KeyedList, setAttribute, setText, show } from '../dom.js';
import { bytes, capital, count, duration } from '../format.js';
import { lagOf, linkState, ownPart, stateOf } from '../model.js';
import { factList, stateMark, swatch } from './parts.js';

/**
 * @typedef {import('../live.js').Snapshot} Snapshot
 * @typedef {import('../model.js').Controller} Controller
 * @typedef {import('../model.js').Peer} Peer
 * @typedef {{ controller: Controller, all: readonly Controller[], memory: number | null }} Card
 */

export function controllersView() {
  const grid = h('ul', { class: 'controllers' });
  const cards = new KeyedList(grid, (/** @type {Card} */ { controller }) => `${controller.id}`, card);
  const node = h('section', { 'aria-label': 'Controllers' }, grid);
  return {
    node,
    /** @param {Snapshot} snapshot */
    update({ controllers, history }) {
      cards.update(
        controllers.map((controller) => ({
          controller,
          all: controllers,
          memory: history.newest(controller.id, 'memoryBytes'),
        })),
      );
    },
  };
}

/** @param {Card} first */
function card({ controller }) {
  const mark = stateMark();
  const reason = h('span', { class: 'reason' });
  const address = h('span', { class: 'address' });
  const since = h('span', { class: 'muted' });
  const figures = factList('figures', ['Behind', 'Keys', 'Memory', 'Store']);
  const alone = h('p', { class: 'muted no-links' }, 'Its links are not known while it does not answer.');
  const links = h('ul', { class: 'links', 'aria-label': `Links of controller ${controller.id}` });
  const rows = new KeyedList(links, (/** @type {Peer} */ { id }) => `${id}`, linkRow);
  const node = h(
    'li',
    { class: 'panel controller' },
    h(
      'div',
      { class: 'controller-head' },
      swatch(controller.id),
      h('div', {}, h('h3', {}, `Controller ${controller.id} `, address)),
      since,
      h('p', { class: 'controller-state' }, mark.node, reason),
    ),
    figures.node,
    links,
    alone,
  );
  return {
    node,
    /** @param {Card} item */
    update(item) {
      const { status } = item.controller;
      const { state, word, reason: why } = stateOf(item.controller, item.all);
      mark.update(state, capital(word));
      setText(reason, why);
      setAttribute(reason, 'title', why);
      setText(address, item.controller.address);
      setText(since, status === null ? '' : sinceOf(status));
      figures.update(figuresOf(item));
      show(links, status !== null);
      show(alone, status === null);
      rows.update(status === null ? [] : status.peers.filter(({ self }) => !self));
    },
  };
}

/** @param {import('../model.js').Status} status */
function sinceOf(status) {
  const up = `up ${duration(status.uptimeSeconds * 1000)}`;
  return status.view.ballot !== '' && ownPart(status)?.role === 'member' ? `in the view, ${up}` : up;
}

/** @param {Card} card */
function figuresOf({ controller: { status }, memory }) {
  if (status === null) return [];
  const { ms, writes } = lagOf(status);
  return [
    writes > 0 ? `${count(writes)} writes` : duration(ms),
    count(status.keys),
    bytes(memory),
    status.store.up ? 'up' : 'down',
  ];
}

/** @param {Peer} peer */
function linkRow(peer) {
  const mark = stateMark();
  mark.node.classList.add('word');
  const detail = h('span', { class: 'detail' });
  const node = h('li', {}, h('span', {}, `to controller ${peer.id}`), mark.node, detail);
  return {
    node,
    /** @param {Peer} now */
    update(now) {
      const link = linkState(now);
      mark.update(link.state, link.word);
      setText(detail, link.detail);
      setAttribute(detail, 'title', link.detail);
    },
  };
}
