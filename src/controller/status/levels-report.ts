import { alignColumns } from '../../base/text-table.ts';
import { epochOf, nameOfChange } from '../../placement/agreed-placement.ts';
import { type AgreedShards, isWhole } from '../../placement/agreed-shards.ts';
import { addressTextOf } from '../../placement/configuration.ts';
import { levelOf, orderedSchemeOf, type PlacedLevel } from '../../placement/placed-level.ts';
import type { KeyspaceSettings } from '../../placement/placement.ts';
import type { Reshard } from '../../placement/reshard.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { Core } from '../core.ts';
import { nameOf } from '../settings.ts';
import type {
  ChangedShards,
  KeyspaceLevel,
  KeyspaceSide,
  LevelsStatus,
  MovePartStatus,
  MoveStatus,
} from './status.ts';

/** What `keyspace json` prints now. */
export function levelsOf({ core }: Pick<ControllerParts, 'core'>): LevelsStatus {
  const { levels, groups } = core;
  const { placement, unaware, isChanging } = groups.views;
  const { configured, keyspaces } = levels;
  return {
    epoch: epochOf(placement),
    keyspaces: keyspaces.map(({ name, prefix, level, policy }) => {
      const scheme = orderedSchemeOf(level);
      const known = configured.find((one) => one.name === name);
      return { name, prefix, level: policy.level, scheme, configured: sideOf(known) };
    }),
    removed: configured.map(({ name }) => name).filter((name) => !keyspaces.some((one) => one.name === name)),
    unaware: unaware.map((node) => addressTextOf(core.configuration, node)),
    changing: isChanging,
    move: moveOf(core),
  };
}

function moveOf({ groups, mover, configuration }: Core): MoveStatus | null {
  const move = groups.views.placement?.move ?? null;
  if (move === null) return null;
  const controllers = configuration.controllers.map((peer): MovePartStatus => {
    const word = mover.wordOf(peer.id);
    if (word === null)
      return { address: nameOf(peer), step: '', done: 0, total: 0, waitsFor: 'it has not answered' };
    const { step, done, total, trouble } = word;
    return { address: nameOf(peer), step, done, total, waitsFor: trouble };
  });
  const { before, after, phase, reshard, paused } = move;
  return {
    keyspace: nameOfChange(move),
    from: sideOf(before),
    to: sideOf(after),
    shards: reshard === undefined ? null : shardsOfChange(reshard),
    phase: paused ? 'paused' : phase,
    controllers,
  };
}

function sideOf(keyspace: KeyspaceSettings | null | undefined): KeyspaceSide | null {
  return keyspace == null ? null : { prefix: keyspace.prefix, level: keyspace.level };
}

/** The move in one line, such as `default moves from causal to eventual: preparing`. */
export function moveInWords({ keyspace, from, to, shards, phase }: MoveStatus): string {
  const change = shards == null ? changeInWords(keyspace, from, to) : reshardInWords(keyspace, shards);
  return `${change}: ${phase}`;
}

/** What changes of the shards of a keyspace. */
export function shardsOfChange({ from, to }: Reshard): ChangedShards {
  const moved = to.groups.flatMap((group, shard) => (group[0] === from.groups[shard]?.[0] ? [] : [shard]));
  return { from: countOf(from), to: countOf(to), moved };
}

/** How many shards these are; 0 for a keyspace that has none. */
export function countOf(shards: AgreedShards): number {
  return isWhole(shards) ? 0 : shards.shards;
}

/**
 * A change of the shards, such as `default gets 3 shards, and had 2 shards`, or `the shards 0, 2 of default get other
 * controllers`.
 */
export function reshardInWords(keyspace: string, { from, to, moved }: ChangedShards): string {
  if (from === to)
    return moved.length === 1
      ? `shard ${moved[0]} of ${keyspace} gets other controllers`
      : `the shards ${moved.join(', ')} of ${keyspace} get other controllers`;
  return `${keyspace} gets ${inShards(to)}, and had ${inShards(from)}`;
}

export function inShards(count: number): string {
  if (count === 0) return 'no shards';
  return count === 1 ? '1 shard' : `${count} shards`;
}

/** A change of a keyspace that takes time, such as `carts is being removed`. */
export function changeInWords(name: string, from: KeyspaceSide | null, to: KeyspaceSide | null): string {
  if (to === null) return `${name} is being removed`;
  if (from === null) return `${name} is being added, at ${to.level}, with the prefix ${to.prefix}`;
  return from.prefix === to.prefix
    ? `${name} moves from ${from.level} to ${to.level}`
    : `${name} gets the prefix ${to.prefix} instead of ${from.prefix}`;
}

/** Ends the answer to a change that takes time. */
export const GOES_ON = '; keyspace shows how far it is';

/** The part of a controller in one line. */
export function movePartInWords({ address, step, done, total, waitsFor }: MovePartStatus): string {
  const how = step === '' ? '' : ` ${step}, ${done} of about ${Math.max(done, total)} records`;
  return `${address}${how}${waitsFor === '' ? '' : `: ${waitsFor}`}`;
}

/** One line for each keyspace that was changed while the cluster ran, and is not as configured. */
export function overriddenLevels({ keyspaces, removed }: LevelsStatus): readonly string[] {
  const changed = keyspaces.flatMap((keyspace): string[] => {
    const { name, prefix, configured } = keyspace;
    const level = inOneWord(keyspace);
    const held = `the keyspace ${name} `;
    if (configured === null)
      return [
        `${held}was added while the cluster ran, and is not configured; main.ts keyspace remove ${name}`,
      ];
    const scheme = orderedSchemeOf(configured.level);
    const asked = scheme === keyspace.scheme ? levelOf(configured.level) : wordsOf(configured.level);
    const lines: string[] = [];
    if (configured.prefix !== prefix)
      lines.push(
        `${held}has the prefix ${prefix}, which it was given while the cluster ran, and not ${configured.prefix} ` +
          `as configured; to change it: main.ts keyspace prefix ${name} ${configured.prefix}`,
      );
    if (configured.level !== level)
      lines.push(
        `${held}is at ${level}, to which it was changed while the cluster ran, and not at ${configured.level} ` +
          `as configured; to change it: main.ts level ${name} ${asked}`,
      );
    return lines;
  });
  const gone = removed.map(
    (name) => `the keyspace ${name} is configured, and was removed while the cluster ran`,
  );
  return [...changed, ...gone];
}

/** As `main.ts level` takes it. */
function wordsOf(placed: PlacedLevel): string {
  const scheme = orderedSchemeOf(placed);
  return scheme === null ? placed : `${levelOf(placed)} --scheme ${scheme}`;
}

/** The level, and the scheme behind it where that is a chain. */
export function inOneWord({ level, scheme }: Pick<KeyspaceLevel, 'level' | 'scheme'>): string {
  return scheme === 'chain' ? `${level}/${scheme}` : level;
}

const COLUMNS = ['KEYSPACE', 'PREFIX', 'LEVEL', 'CONFIGURED', 'PHASE'] as const;

/** Renders the answer to `keyspace json` as a human-readable table. */
export function renderLevels(levels: LevelsStatus): string {
  const { epoch, unaware, move, removed } = levels;
  const phase = levels.changing ? 'changing' : unaware.length > 0 ? 'waiting' : 'steady';
  const rows = levels.keyspaces.map((keyspace) => {
    const { name, prefix, configured } = keyspace;
    return [
      name,
      prefix === '' ? '(any)' : prefix,
      inOneWord(keyspace),
      configuredInWords(prefix, configured),
      move?.keyspace === name ? move.phase : phase,
    ];
  });
  const gone = removed.map((name) => `${name} is configured, and was removed while the cluster ran`);
  const since = epoch === 0 ? 'as configured' : `epoch ${epoch}: changed while the cluster ran`;
  const waits = unaware.length === 0 ? [] : [`not yet known to ${unaware.join(', ')}`];
  const moving =
    move === null ? [] : [moveInWords(move), ...move.controllers.map((one) => `  ${movePartInWords(one)}`)];
  return [...alignColumns([COLUMNS, ...rows]), '', since, ...gone, ...moving, ...waits].join('\n');
}

/** A configured prefix is told only where it is another one. */
function configuredInWords(prefix: string, configured: KeyspaceSide | null): string {
  if (configured === null) return '-';
  return configured.prefix === prefix ? configured.level : `${configured.level} (${configured.prefix})`;
}
