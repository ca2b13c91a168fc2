import type { Action } from '../../src/checkers/history.ts';
import type { Settings } from '../../src/controller/settings.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { isLevel } from '../../src/placement/level.ts';
import type { OrderedScheme } from '../../src/placement/placed-level.ts';
import { DEFAULT_KEYSPACE } from '../../src/placement/placement.ts';
import { Stage } from './stage.ts';

type Command = (stage: Stage, ...words: string[]) => void | Promise<void>;

/** Everything that a scene can do with a cluster. `docs/simulator.md` lists the commands. */
const COMMANDS: Readonly<Record<string, Command>> = {
  ask: (stage, node, ...words) => stage.ask(idOf(node), askedIn(words)),
  level: (stage, node, level) => stage.changeLevel(idOf(node), level!),
  shards: (stage, node, shards) => stage.changeShards(idOf(node), Number(shards)),
  move: (stage, node, shard, ...ids) => stage.moveShard(idOf(node), Number(shard), ids.map(idOf)),
  force: (stage, node, ...lost) => stage.forceOut(idOf(node), lost.map(idOf)),
  member: (stage, node, what, controller) => stage.changeMembers(idOf(node), what === 'add', controller!),
  run: (stage, ms) => stage.run(Number(ms)),
  show: (stage) => stage.show(),
  hide: (stage, ...words) => forEachText(words, (text) => stage.hide(text)),
  unhide: (stage, ...words) => forEachText(words, (text) => stage.unhide(text)),
  kill: (stage, node) => stage.node(idOf(node)).kill(),
  start: (stage, node) => stage.node(idOf(node)).start(),
  stop: (stage, node) => stage.stop(idOf(node)),
  pause: (stage, node) => stage.node(idOf(node)).pause(),
  resume: (stage, node) => stage.node(idOf(node)).resume(),
  'power-off': (stage, node) => stage.node(idOf(node)).losePower(),
  cut: (stage, a, b) => stage.network.cut(idOf(a), idOf(b)),
  heal: (stage, a, b) => stage.network.heal(idOf(a), idOf(b)),
  block: (stage, from, to) => stage.network.block(idOf(from), idOf(to)),
  slow: (stage, from, to, ms) => void stage.network.extraMs.set(`${idOf(from)}>${idOf(to)}`, Number(ms)),
  evict: (stage, node, key) => void stage.node(idOf(node)).store.items.delete(key!),
  'set-clock': (stage, node, ms) => stage.setClock(idOf(node), Number(ms)),
};

/** Plays commands. The first command of a scene is `cluster`, which sets the stage. */
export async function play(stage: Stage | null, command: string): Promise<Stage> {
  const [name, ...words] = command.split(' ');
  if (name === 'cluster') return clusterOf(words);
  const run = COMMANDS[name!];
  if (run === undefined) throw new Error(`an unknown command: ${command}`);
  if (stage === null) throw new Error('the first command of a scene is "cluster"');
  await run(stage, ...words);
  return stage;
}

function clusterOf([level = '', ...options]: readonly string[]): Promise<Stage> {
  if (!isLevel(level)) throw new Error(`no level: ${level}`);
  const settings: Partial<Settings> = {};
  for (const option of options) Object.assign(settings, settingOf(option));
  return Stage.set(level, settings);
}

function settingOf(option: string): Partial<Settings> {
  const [name, value] = option.split('=');
  if (name === 'durability') return { durability: value as Durability };
  if (name === 'scheme') return { scheme: value as OrderedScheme };
  if (name === 'horizon') return { tombstoneHorizonMs: Number(value) };
  if (name === 'shards') {
    const [shards, replicas] = value!.split('x').map(Number);
    return { sharded: [{ name: DEFAULT_KEYSPACE, shards: shards!, replicas: replicas! }] };
  }
  throw new Error(`an unknown option: ${option}`);
}

/** Several texts have commas between them. */
function forEachText(words: readonly string[], run: (text: string) => void): void {
  for (const text of words.join(' ').split(', ')) run(text);
}

/** `n2` is controller 2. */
function idOf(word: string | undefined): number {
  const id = /^n(\d)$/.exec(word ?? '')?.[1];
  if (id === undefined) throw new Error(`no controller: ${word}`);
  return Number(id);
}

/** `set a 1`, `incr a 1`, `get a`; `set a 1 for 5` lets the entry expire after 5 s. */
function askedIn([kind, key = '', value = '', , seconds]: readonly string[]): {
  key: string;
  action: Action;
  seconds: number;
} {
  return { key, action: actionOf(kind, value), seconds: Number(seconds ?? 0) };
}

function actionOf(kind: string | undefined, value: string): Action {
  switch (kind) {
    case 'get':
    case 'delete':
    case 'flush':
      return { kind };
    case 'set':
    case 'add':
    case 'append':
      return { kind, value };
    case 'incr':
      return { kind, by: Number(value) };
    default:
      throw new Error(`clients of scenes do not ask for ${kind}`);
  }
}
