import { alignColumns, counted } from '../../base/text-table.ts';
import { LEVELS, type Level } from '../../placement/level.ts';
import { INDENT, indented, type Look, listed, wrap } from '../look.ts';
import type { Script } from './histories.ts';
import { lanesOf } from './lanes.ts';
import { CONTROLLERS } from './own-cluster.ts';
import { CLIENTS, type Price, type RequestPrice, VALUE_BYTES } from './price.ts';
import type { Recording } from './recording.ts';
import { chartOf } from './recording-chart.ts';
import type { LevelVerdict } from './verdicts.ts';

/** A recording, and what the checkers of all levels say of it. */
export interface Judged {
  readonly recording: Recording;
  readonly verdicts: readonly LevelVerdict[];
}

/** All that one run has found out. */
export interface Findings {
  /** For people: what the values were stored in. */
  readonly stores: string;
  /** The levels that were played. */
  readonly levels: readonly Level[];
  readonly judged: readonly Judged[];
  /** Null: nothing was measured. */
  readonly prices: ReadonlyMap<Level, Price> | null;
  /** For how long each level was measured, in milliseconds. */
  readonly measuredMs: number;
}

/** For people: the whole report. */
export function reportOf(findings: Findings, look: Look): string {
  const scripts = [...new Set(findings.judged.map(({ recording }) => recording.script))];
  const sections = [
    introduction(findings, look),
    ...scripts.map((script, at) => historyOf(at + 1, script, findings, look)),
    summaryOf(scripts, findings, look),
    ...(findings.prices === null ? [] : [pricesOf(findings, findings.prices, look)]),
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}

/** The level forbids what its own clients saw: a fault of this program. */
export function brokenPromises({ judged }: Findings): string[] {
  return judged.flatMap(({ recording, verdicts }) => {
    const own = verdicts.find(({ level }) => level === recording.level)!;
    return own.forbidden === null ? [] : [`${recording.script.name} at ${own.level}: ${own.forbidden}`];
  });
}

function introduction({ levels, stores }: Findings, { width }: Look): string[] {
  const what = `${counted(CONTROLLERS, 'controller')} on ${stores}`;
  const where = levels.length === 1 ? `at ${levels[0]}` : `at each of the ${levels.length} levels`;
  const text =
    `Three histories, played just now by ${what}, ${where}. Clients ask the same every time, and the same bytes ` +
    'between controllers are held back until all clients are done, or have to wait. A checker for each level, which ' +
    'knows requests and answers only, says whether the level allows what they saw.';
  return wrap(text, width);
}

function historyOf(number: number, script: Script, findings: Findings, look: Look): string[] {
  const ofScript = findings.judged.filter(({ recording }) => recording.script === script);
  const width = look.width - INDENT.length;
  return [
    look.paint(`${number}. ${script.title}`, 'title'),
    ...indented(wrap(`${script.about} Held back meanwhile: ${script.heldBack}.`, width)),
    '',
    ...alike(ofScript).flatMap((group) => [...indented(seenBy(group, look)), '']),
    ...indented(wrap(script.lesson, width)),
  ];
}

/** The levels at which the clients saw the same, together. */
function alike(all: readonly Judged[]): Judged[][] {
  const groups = new Map<string, Judged[]>();
  for (const judged of all) {
    const name = sightOf(judged.recording);
    groups.set(name, [...(groups.get(name) ?? []), judged]);
  }
  return [...groups.values()];
}

/** What each client saw, without times, and without what it asked in vain before it asked the same again. */
function sightOf({ requests, script }: Recording): string {
  const ofClients = Object.keys(script.clients).map((name) => {
    const own = requests.filter(({ client }) => client === name);
    const final = own.filter(({ kind, key, value }, at) => {
      const next = own[at + 1];
      return !(kind === 'get' && value === null && next?.kind === 'get' && next.key === key);
    });
    return final.map(({ kind, key, value, hadToWait }) => `${kind} ${key} ${value} ${hadToWait}`);
  });
  return JSON.stringify(ofClients);
}

function seenBy(group: readonly Judged[], { width, paint }: Look): string[] {
  const first = group[0]!;
  const levels = listed(group.map(({ recording }) => recording.level));
  const times = group.length > 1 ? ` (times: ${first.recording.level})` : '';
  const inner = width - INDENT.length;
  return [
    `${paint(`Seen at ${levels}`, 'title')}${times}:`,
    ...lanesOf(chartOf(first.recording), inner).map((row) =>
      row.includes(' -- ') ? paint(row, 'faint') : row,
    ),
    ...verdictsInWords(first.verdicts).flatMap(({ text, isGood }) =>
      wrap(text, inner).map((row) => paint(row, isGood ? 'good' : 'bad')),
    ),
  ];
}

interface Sentence {
  readonly text: string;
  readonly isGood: boolean;
}

/** What a weak level forbids, the stronger ones forbid as well: the reason of the weakest is the clearest. */
function verdictsInWords(verdicts: readonly LevelVerdict[]): Sentence[] {
  const forbidding = verdicts.filter(({ forbidden }) => forbidden !== null);
  const allowing = verdicts.filter(({ forbidden }) => forbidden === null);
  if (forbidding.length === 0) return [{ text: 'Every level allows this.', isGood: true }];
  const weakest = forbidding.at(-1)!;
  const others = forbidding.slice(0, -1).map(({ level }) => level);
  const also = others.length === 0 ? '' : `, and by ${listed(others)}`;
  const names = listed(allowing.map(({ level }) => level));
  return [
    { text: `Forbidden by ${weakest.level}${also}: ${weakest.forbidden}.`, isGood: false },
    ...(names === '' ? [] : [{ text: `Allowed by ${names}.`, isGood: true }]),
  ];
}

function summaryOf(scripts: readonly Script[], { levels, judged }: Findings, look: Look): string[] {
  const rows = scripts.map((script) => [
    script.title,
    ...levels.map((level) =>
      cellOf(judged.find(({ recording }) => recording.script === script && recording.level === level)!),
    ),
  ]);
  return [
    look.paint('What the clients saw at each level', 'title'),
    ...indented(alignColumns([['', ...levels], ...rows])),
    ...indented(
      wrap(
        'seen: it happened. waited: a request waited, so that it could not happen. -: it did not happen; where the ' +
          'level allows it, another disturbance would show it.',
        look.width - INDENT.length,
      ),
    ),
  ];
}

function cellOf({ recording, verdicts }: Judged): string {
  const { forbiddenBy } = recording.script;
  if (verdicts.find(({ level }) => level === forbiddenBy)!.forbidden !== null) return 'seen';
  return recording.requests.some(({ hadToWait }) => hadToWait) ? 'waited' : '-';
}

function pricesOf(
  { measuredMs }: Findings,
  prices: ReadonlyMap<Level, Price>,
  { width, paint }: Look,
): string[] {
  const rows = LEVELS.flatMap((level) => {
    const price = prices.get(level);
    return price === undefined ? [] : [[level, ...cellsOf(price.set), ...cellsOf(price.get)]];
  });
  const heads = [
    ['', 'set', '', '', 'get', '', ''],
    ['', 'p50 ms', 'p99 ms', 'per s', 'p50 ms', 'p99 ms', 'per s'],
  ];
  const note =
    `Measured for ${measuredMs / 1000} s at each level, with values of ${VALUE_BYTES} bytes and no disk. ` +
    `p50 and p99: how long one client waits that asks one request at a time. ` +
    `per s: how much ${CLIENTS} such clients get done together. ` +
    'Controllers and clients share this machine, so that only the comparison tells something; ' +
    'npm run bench measures for longer, and from outside.';
  return [
    paint('What a level costs', 'title'),
    ...indented(alignColumns(rightAligned([...heads, ...rows]))),
    ...indented(wrap(note, width - INDENT.length)),
  ];
}

function cellsOf({ p50Ms, p99Ms, perSecond }: RequestPrice): string[] {
  return [p50Ms.toFixed(2), p99Ms.toFixed(2), String(Math.round(perSecond))];
}

/** All columns but the first. */
function rightAligned(rows: readonly (readonly string[])[]): string[][] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell : cell.padStart(widths[column]!))));
}
