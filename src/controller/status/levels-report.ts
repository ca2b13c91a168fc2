import { alignColumns } from '../../base/text-table.ts';
import { epochOf } from '../../placement/agreed-placement.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { nameOf } from '../settings.ts';
import type { LevelsStatus } from './status.ts';

/** What `keyspace json` prints now. */
export function levelsOf({ core, settings }: Pick<ControllerParts, 'core' | 'settings'>): LevelsStatus {
  const { levels, groups } = core;
  const { placement, unaware, isChanging } = groups.views;
  return {
    epoch: epochOf(placement),
    keyspaces: levels.keyspaces.map(({ name, prefix, level }) => {
      return { name, prefix, level, configured: levels.levelIn(null, name) };
    }),
    unaware: unaware.map((node) => nameOf(settings.peers[node]!)),
    changing: isChanging,
  };
}

/** One line for each keyspace whose level was changed while the cluster ran, and is not the configured one. */
export function overriddenLevels({ keyspaces }: LevelsStatus): readonly string[] {
  return keyspaces
    .filter(({ level, configured }) => level !== configured)
    .map(({ name, level, configured }) => {
      const held = `the keyspace ${name} is at ${level}, to which it was changed while the cluster ran`;
      return `${held}, and not at ${configured} as configured; to change it: main.ts level ${name} ${configured}`;
    });
}

const COLUMNS = ['KEYSPACE', 'PREFIX', 'LEVEL', 'CONFIGURED', 'PHASE'] as const;

/** Renders the answer to `keyspace json` as a human-readable table. */
export function renderLevels(levels: LevelsStatus): string {
  const phase = levels.changing ? 'changing' : levels.unaware.length > 0 ? 'waiting' : 'steady';
  const rows = levels.keyspaces.map(({ name, prefix, level, configured }) => {
    return [name, prefix === '' ? '(any)' : prefix, level, configured, phase];
  });
  const { epoch, unaware } = levels;
  const since = epoch === 0 ? 'as configured' : `epoch ${epoch}: changed while the cluster ran`;
  const waits = unaware.length === 0 ? [] : [`not yet known to ${unaware.join(', ')}`];
  return [...alignColumns([COLUMNS, ...rows]), '', since, ...waits].join('\n');
}
