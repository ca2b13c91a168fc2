import type { Lab } from '../lab.ts';
import { GUARANTEES, type Guarantee, SESSION_LEVELS } from '../participants/lab-session.ts';
import { idOf, LabError } from '../roster.ts';
import { showOverview, showParticipant } from '../views/show.ts';
import { showTrace } from '../views/show-trace.ts';

/** What a command prints: answers, whose bytes are those of the script; or lines for people. */
export type CommandOutput =
  | { readonly kind: 'answers'; readonly lines: readonly string[] }
  | { readonly kind: 'shown'; readonly lines: readonly string[] };

/** What a word of a command may be, for the completion of lines. */
export type WordKind =
  | 'server'
  | 'client'
  | 'member'
  | 'key'
  | 'value'
  | 'level'
  | 'guarantee'
  | 'switch'
  | 'other';

export interface LabCommand {
  /** The words behind its name. */
  readonly usage: string;
  /** How many there may be. */
  readonly words: readonly [least: number, most: number];
  readonly kinds: readonly WordKind[];
  readonly help: string;
  /** @throws LabError when it cannot be carried out */
  readonly run: (lab: Lab, words: readonly string[]) => Promise<CommandOutput | undefined>;
}

/** Commands that print nothing. */
function silent(
  usage: string,
  kinds: readonly WordKind[],
  help: string,
  act: (lab: Lab, words: readonly string[]) => Promise<void>,
  words: LabCommand['words'] = [kinds.length, kinds.length],
): LabCommand {
  const run = async (lab: Lab, given: readonly string[]): Promise<undefined> => {
    await act(lab, given);
    return undefined;
  };
  return { usage, words, kinds, help, run };
}

async function get(lab: Lab, [client, key]: readonly string[]): Promise<CommandOutput> {
  return { kind: 'answers', lines: [`${key}:${await lab.get(idOf(client!), key!)}`] };
}

/** Latin-1 strings are compared by their bytes. */
async function printStore(lab: Lab, [id]: readonly string[]): Promise<CommandOutput> {
  const { log } = await lab.roster.server(idOf(id!)).handle.showServer();
  const entries = log.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return { kind: 'answers', lines: entries.map(({ key, value }) => `${key}:${value}`) };
}

async function show(lab: Lab, [id]: readonly string[]): Promise<CommandOutput> {
  const lines = id === undefined ? showOverview(lab) : await showParticipant(lab, idOf(id));
  return { kind: 'shown', lines };
}

async function setLevel(lab: Lab, [id, level]: readonly string[]): Promise<void> {
  const { handle } = lab.roster.client(idOf(id!));
  const chosen = SESSION_LEVELS.find((name) => name === level);
  if (chosen !== undefined) return handle.setLevel(chosen);
  throw new LabError(
    `"${level}" is no level of a client: choose ${SESSION_LEVELS.join(', ')}. ` +
      'Servers of a lab replicate without an order; main.ts levels shows linearizability and sequential',
  );
}

async function setGuarantee(lab: Lab, [id, name, word]: readonly string[]): Promise<void> {
  const clients = id === 'all' ? lab.roster.clients : [lab.roster.client(idOf(id!))];
  const guarantee = guaranteeOf(name!);
  if (word !== 'on' && word !== 'off') throw new LabError(`"${word}" is neither on nor off`);
  for (const { handle } of clients) await handle.setGuarantee(guarantee, word === 'on');
}

/** Its name, or the first letters of its words. */
function guaranteeOf(name: string): Guarantee {
  const found = GUARANTEES.find((one) => one === name || initialsOf(one) === name);
  if (found !== undefined) return found;
  const all = GUARANTEES.map((one) => `${one} (${initialsOf(one)})`).join(', ');
  throw new LabError(`"${name}" is no session guarantee: choose ${all}`);
}

function initialsOf(name: string): string {
  return name
    .split('-')
    .map((word) => word[0])
    .join('');
}

async function partition(lab: Lab, words: readonly string[]): Promise<void> {
  const groups: number[][] = [[]];
  for (const word of words) {
    if (word === '|') groups.push([]);
    else groups.at(-1)!.push(idOf(word));
  }
  if (groups.length < 2) throw new LabError('one group is no partition: put a | between groups');
  await lab.partition(groups);
}

async function setBackground(lab: Lab, [word]: readonly string[]): Promise<void> {
  lab.setBackgroundExchange(word === 'off' ? null : periodOf(word!));
}

/** @returns milliseconds @throws LabError */
export function periodOf(word: string): number {
  const ms = millisecondsOf(word);
  if (ms > 0) return ms;
  throw new LabError('every 0 seconds is too often: give the seconds between two exchanges, or off');
}

const SECONDS_MAX = 86_400;

function millisecondsOf(word: string): number {
  const ms = /^\d+(\.\d{1,3})?$/.test(word) ? Math.round(Number(word) * 1000) : Number.NaN;
  if (ms <= SECONDS_MAX * 1000) return ms;
  throw new LabError(`"${word}" are no seconds: give a number from 0 to ${SECONDS_MAX}, such as 0.25`);
}

/** The commands of a lab. `expect` is a part of the script, and stands beside them. */
export const LAB_COMMANDS: ReadonlyMap<string, LabCommand> = new Map<string, LabCommand>([
  [
    'joinServer',
    silent('ID', ['other'], 'starts a server, linked to all servers that live', (lab, [id]) =>
      lab.joinServer(idOf(id!)),
    ),
  ],
  [
    'killServer',
    silent('ID', ['server'], 'kills it at once; what it has passed to nobody is lost', (lab, [id]) =>
      lab.killServer(idOf(id!)),
    ),
  ],
  [
    'joinClient',
    silent(
      'CLIENT SERVER',
      ['other', 'server'],
      'starts a client, linked to that server',
      (lab, [id, server]) => lab.joinClient(idOf(id!), idOf(server!)),
    ),
  ],
  [
    'breakConnection',
    silent(
      'A B',
      ['member', 'member'],
      'cuts the link between two servers, or a client and a server',
      (lab, [a, b]) => lab.breakConnection(idOf(a!), idOf(b!)),
    ),
  ],
  [
    'createConnection',
    silent('A B', ['member', 'member'], 'makes that link', (lab, [a, b]) =>
      lab.createConnection(idOf(a!), idOf(b!)),
    ),
  ],
  ['stabilize', silent('', [], 'exchanges until linked servers are equal', (lab) => lab.stabilize())],
  [
    'printStore',
    {
      usage: 'SERVER',
      words: [1, 1],
      kinds: ['server'],
      help: 'prints its entries, one key:value a line',
      run: printStore,
    },
  ],
  [
    'put',
    silent(
      'CLIENT KEY VALUE',
      ['client', 'key', 'value'],
      'writes, on the server that the client uses',
      (lab, words) => lab.put(idOf(words[0]!), words[1]!, words[2]!),
    ),
  ],
  [
    'get',
    {
      usage: 'CLIENT KEY',
      words: [2, 2],
      kinds: ['client', 'key'],
      help: 'prints key:value, key:ERR_DEP (the server lacks what the client has seen) or key:ERR_KEY',
      run: get,
    },
  ],
  [
    'show',
    {
      usage: '[ID]',
      words: [0, 1],
      kinds: ['member'],
      help: 'a server: counter, vector, log, writes that others lack; a client: its session; no ID: who is linked',
      run: show,
    },
  ],
  [
    'level',
    silent(
      'CLIENT LEVEL',
      ['client', 'level'],
      'eventual: no promise; session: the guarantees; causal: for all keys',
      setLevel,
    ),
  ],
  [
    'guarantee',
    silent(
      'CLIENT|all NAME on|off',
      ['client', 'guarantee', 'switch'],
      `switches one session guarantee: ${GUARANTEES.map(initialsOf).join(', ')}`,
      setGuarantee,
    ),
  ],
  [
    'partition',
    silent(
      'IDS | IDS',
      ['member'],
      'cuts all links between groups, such as partition 0 1 | 2 3',
      partition,
      [3, 64],
    ),
  ],
  ['heal', silent('', [], 'links every server to every other', (lab) => lab.heal())],
  [
    'backgroundExchange',
    silent(
      'SECONDS|off',
      ['other'],
      'how often servers exchange by themselves while time passes',
      setBackground,
    ),
  ],
  [
    'wait',
    silent('SECONDS', ['other'], 'lets time pass; it passes only here', (lab, [word]) =>
      lab.wait(millisecondsOf(word!)),
    ),
  ],
  [
    'trace',
    {
      usage: '[FILE.svg]',
      words: [0, 1],
      kinds: ['other'],
      help: 'draws the messages since the last trace, in lanes; with a file, there as a picture',
      run: async (lab, [file]) => ({ kind: 'shown', lines: await showTrace(lab, file ?? null) }),
    },
  ],
]);
