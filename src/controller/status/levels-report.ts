import { alignColumns } from '../../base/text-table.ts';
import { epochOf } from '../../placement/agreed-placement.ts';
import { levelOf, orderedSchemeOf, type PlacedLevel } from '../../placement/placed-level.ts';
import type { ControllerParts } from '../controller-parts.ts';
import type { Core } from '../core.ts';
import { nameOf, type Settings } from '../settings.ts';
import type { KeyspaceLevel, LevelsStatus, MovePartStatus, MoveStatus } from './status.ts';

/** What `keyspace json` prints now. */
export function levelsOf({ core, settings }: Pick<ControllerParts, 'core' | 'settings'>): LevelsStatus {
  const { levels, groups } = core;
  const { placement, unaware, isChanging } = groups.views;
  return {
    epoch: epochOf(placement),
    keyspaces: levels.keyspaces.map(({ name, prefix, level, policy }) => {
      const scheme = orderedSchemeOf(level);
      return { name, prefix, level: policy.level, scheme, configured: levels.levelIn(null, name) };
    }),
    unaware: unaware.map((node) => nameOf(settings.peers[node]!)),
    changing: isChanging,
    move: moveOf(core, settings),
  };
}

function moveOf({ groups, mover }: Core, { peers }: Settings): MoveStatus | null {
  const move = groups.views.placement?.move ?? null;
  if (move === null) return null;
  const controllers = peers.map((peer, node): MovePartStatus => {
    const word = mover.wordOf(node);
    if (word === null)
      return { address: nameOf(peer), step: '', done: 0, total: 0, waitsFor: 'it has not answered' };
    const { step, done, total, trouble } = word;
    return { address: nameOf(peer), step, done, total, waitsFor: trouble };
  });
  const { name, from, to, phase } = move;
  return { keyspace: name, from, to, phase, controllers };
}

/** The move in one line, such as `default moves from causal to eventual: preparing`. */
export function moveInWords({ keyspace, from, to, phase }: MoveStatus): string {
  return `${keyspace} moves from ${from} to ${to}: ${phase}`;
}

/** The part of a controller in one line. */
export function movePartInWords({ address, step, done, total, waitsFor }: MovePartStatus): string {
  const how = step === '' ? '' : ` ${step}, ${done} of about ${Math.max(done, total)} records`;
  return `${address}${how}${waitsFor === '' ? '' : `: ${waitsFor}`}`;
}

/** One line for each keyspace whose level was changed while the cluster ran, and is not the configured one. */
export function overriddenLevels({ keyspaces }: LevelsStatus): readonly string[] {
  return keyspaces
    .filter((keyspace) => inOneWord(keyspace) !== keyspace.configured)
    .map((keyspace) => {
      const { name } = keyspace;
      const configured = keyspace.configured as PlacedLevel;
      const scheme = orderedSchemeOf(configured);
      const level = scheme === keyspace.scheme ? levelOf(configured) : wordsOf(configured);
      const held = `the keyspace ${name} is at ${inOneWord(keyspace)}, to which it was changed while the cluster ran`;
      return `${held}, and not at ${configured} as configured; to change it: main.ts level ${name} ${level}`;
    });
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
  const { epoch, unaware, move } = levels;
  const phase = levels.changing ? 'changing' : unaware.length > 0 ? 'waiting' : 'steady';
  const rows = levels.keyspaces.map((keyspace) => {
    const { name, prefix, configured } = keyspace;
    return [
      name,
      prefix === '' ? '(any)' : prefix,
      inOneWord(keyspace),
      configured,
      move?.keyspace === name ? move.phase : phase,
    ];
  });
  const since = epoch === 0 ? 'as configured' : `epoch ${epoch}: changed while the cluster ran`;
  const waits = unaware.length === 0 ? [] : [`not yet known to ${unaware.join(', ')}`];
  const moving =
    move === null ? [] : [moveInWords(move), ...move.controllers.map((one) => `  ${movePartInWords(one)}`)];
  return [...alignColumns([COLUMNS, ...rows]), '', since, ...moving, ...waits].join('\n');
}
