/** A console: commands of the text protocol, carried out by the controller that is chosen. */

import { requestOf, WORDS } from '../command.js';
import { h } from '../dom.js';
import { panelHead } from './parts.js';

/** Lines that are kept on the screen, and commands that the arrow keys bring back. */
const LINES_KEPT = 400;
const COMMANDS_KEPT = 100;

const EXAMPLES = ['set greeting hello', 'get greeting', 'level', 'keyspace', 'show', 'stats'];

/** @param {import('../source.js').Source} source */
export function consoleView(source) {
  const log = h('div', { class: 'console-log', role: 'log', 'aria-label': 'Answers', tabindex: '0' });
  const where = h('select', { 'aria-label': 'Controller that carries the commands out' });
  const input = h('input', {
    id: 'command',
    'aria-label': 'Command',
    type: 'text',
    list: 'command-words',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    placeholder: 'get greeting',
    onkeydown: (event) => onKey(event),
  });
  const words = h('datalist', { id: 'command-words' }, ...WORDS.map((word) => h('option', { value: word })));
  const form = h(
    'form',
    { class: 'console-line', onsubmit: (event) => void submit(event) },
    where,
    input,
    words,
    h('button', { type: 'submit', class: 'primary' }, 'Run'),
  );
  const past = pastCommands();

  /**
   * @param {string} className
   * @param {string} text
   */
  const print = (className, text) => {
    log.append(h('div', { class: className }, text));
    while (log.children.length > LINES_KEPT) log.firstElementChild?.remove();
    log.scrollTop = log.scrollHeight;
  };
  /** @param {string} line */
  const run = async (line) => {
    if (line === 'clear') return log.replaceChildren();
    print('asked', `controller ${where.value}> ${line}`);
    try {
      const commands = requestOf(line);
      const { answer } = await source.send('POST', '/v1/console', {
        commands,
        controller: Number(where.value),
      });
      const failed = /^(SERVER_ERROR|CLIENT_ERROR|ERROR)/.test(answer);
      print(
        failed ? 'failed' : 'answered',
        answer.replaceAll('\r\n', '\n').trimEnd() ||
          'The command is not complete: a value is missing, or no answer was wanted.',
      );
    } catch (error) {
      print('failed', /** @type {Error} */ (error).message);
    }
  };
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    const line = input.value.trim();
    input.value = '';
    if (line === '') return;
    past.add(line);
    await run(line);
  };
  /** @param {KeyboardEvent} event */
  const onKey = (event) => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    const line = event.key === 'ArrowUp' ? past.older() : past.newer();
    if (line === null) return;
    event.preventDefault();
    input.value = line;
  };

  const examples = h(
    'div',
    { class: 'examples' },
    ...EXAMPLES.map((line) =>
      h('button', { type: 'button', class: 'quiet', onclick: () => void run(line) }, line),
    ),
  );
  print(
    'muted',
    'Commands of the memcached text protocol. In short: set <key> <value>. Each command is a connection of its own.',
  );
  const panel = h(
    'section',
    { class: 'panel', 'aria-label': 'Console' },
    panelHead('Console', examples),
    h('div', { class: 'console' }, log, form),
  );
  return {
    node: h('div', { class: 'part' }, h('h1', { class: 'visually-hidden' }, 'Console'), panel),
    focus: () => input.focus(),
    /** @param {import('../live.js').Snapshot} snapshot */
    update: ({ controllers }) => {
      controllers.slice(where.options.length).forEach(({ id, address }) => {
        const isServing = new URL(source.origin).port === address.split(':').at(-1);
        where.append(h('option', { value: `${id}`, selected: isServing }, `controller ${id}`));
      });
    },
  };
}

/** The commands that were typed, for the arrow keys. */
function pastCommands() {
  /** @type {string[]} */
  const lines = [];
  let at = 0;
  return {
    /** @param {string} line */
    add(line) {
      if (lines.at(-1) !== line) lines.push(line);
      if (lines.length > COMMANDS_KEPT) lines.shift();
      at = lines.length;
    },
    older: () => (at === 0 ? null : (lines[--at] ?? null)),
    newer: () => (at >= lines.length ? null : (lines[++at] ?? '')),
  };
}
