/** Puts the page together: its views, which of them is shown, and what keeps them up to date. */

import { h, icon, setAttribute, setIcon, setText, show } from './dom.js';
import { Live } from './live.js';
import { judge } from './model.js';
import { Source } from './source.js';
import { startTheme } from './theme.js';
import { chartsView } from './views/charts.js';
import { consoleView } from './views/console.js';
import { controllersView } from './views/controllers.js';
import { healthView } from './views/health.js';
import { keysView } from './views/keys.js';
import { keyspacesView } from './views/keyspaces.js';
import { timelineView } from './views/timeline.js';

/** @typedef {import('./live.js').Snapshot} Snapshot */

const source = new Source(location.origin, () => {});
const health = healthView();
const controllers = controllersView();
const charts = chartsView();
const timeline = timelineView();
const keyspaces = keyspacesView(source);
const keys = keysView(source);
const commands = consoleView(source);

const overview = h('div', { class: 'part' }, health.node, controllers.node, charts.node, timeline.node);

/** @type {Record<string, { node: HTMLElement, update: (snapshot: Snapshot) => void, title: string }>} */
const VIEWS = {
  overview: { node: overview, title: 'Overview', update: updateOverview },
  keyspaces: { node: keyspaces.node, title: 'Keyspaces', update: keyspaces.update },
  keys: { node: keys.node, title: 'Keys', update: () => void keys.refresh() },
  console: { node: commands.node, title: 'Console', update: commands.update },
};

const main = element('main');
const announcer = element('announcer');
const sourceLine = element('source');
const sourceIcon = icon('unknown');
const sourceText = h('span');
const sourceHost = h('span', { class: 'where' });
sourceLine.append(sourceIcon, sourceText, sourceHost);
main.append(...Object.values(VIEWS).map(({ node }) => node));

const live = new Live(source, onChange);

/** @param {Snapshot} snapshot */
function updateOverview(snapshot) {
  health.update(snapshot);
  controllers.update(snapshot);
  charts.update(snapshot);
  timeline.update(snapshot);
}

/** @param {Snapshot} snapshot */
function onChange(snapshot) {
  shownView().update(snapshot);
  updateFrame(snapshot);
}

/** The bar on top, the title of the window, and what screen readers hear: only changes of the state. */
function updateFrame(/** @type {Snapshot} */ { controllers: all, origin, isLive }) {
  const cluster = all.find(({ status }) => status !== null)?.status?.cluster ?? '';
  const { title, sentence, state } = judge(all);
  const elsewhere = origin === location.origin ? '' : ', in place of the one that served this page';
  setText(element('cluster-name'), cluster);
  setIcon(sourceIcon, isLive ? 'ok' : 'bad');
  setAttribute(sourceIcon, 'class', `icon state-${isLive ? 'ok' : 'bad'}`);
  setText(sourceText, isLive ? 'live' : 'no answer');
  setText(sourceHost, isLive ? `from ${new URL(origin).host}` : 'from any controller');
  setAttribute(sourceLine, 'title', isLive ? `Asks ${origin}${elsewhere}` : 'The page goes on asking.');
  const words = isLive ? `${title}. ${sentence}` : 'No controller answers. The page goes on asking.';
  setText(announcer, words);
  const sign = state === 'ok' && isLive ? '' : '! ';
  document.title = `${sign}${cluster === '' ? 'memchorus' : `${cluster} · memchorus`}`;
}

function route() {
  const [name = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { name: Object.hasOwn(VIEWS, name) ? name : 'overview', query: new URLSearchParams(query) };
}

function shownView() {
  return /** @type {typeof VIEWS[string]} */ (VIEWS[route().name]);
}

function onRoute() {
  const { name, query } = route();
  for (const [one, { node }] of Object.entries(VIEWS)) show(node, one === name);
  for (const link of document.querySelectorAll('.tabs a'))
    setAttribute(link, 'aria-current', link.getAttribute('href') === `#/${name}` ? 'page' : null);
  shownView().update(live.snapshot);
  const key = query.get('key');
  if (name === 'keys' && key !== null) void keys.inspect(key);
  if (name === 'console') commands.focus();
}

/** @param {string} id */
function element(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element has the id ${id}`);
  return found;
}

const theme = element('theme');
if (theme instanceof HTMLSelectElement) startTheme(theme, () => charts.repaint());
addEventListener('hashchange', onRoute);
onRoute();
live.start();
