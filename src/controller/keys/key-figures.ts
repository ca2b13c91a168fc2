import type { ControllerParts } from '../controller-parts.ts';
import type { Figures } from '../metrics/stats-groups.ts';
import { percentEncoded } from '../streams/uri-encoded.ts';
import type { LargeKeysReport } from './large-keys.ts';

/** Hot keys that `stats hotkeys` shows. */
const SHOWN_MAX = 20;

/** `stats hotkeys`: figures of the whole, and then of each key, under its rank. */
export function hotKeyFigures({ statistics, core }: ControllerParts): Figures {
  const report = statistics.hotKeys.report(SHOWN_MAX);
  const ofKeys = report.keys.map(({ key, readsPerSecond, writesPerSecond, share }) => [
    ['key', printableKey(key)],
    ['keyspace', core.router.of(key).name],
    ['reads_per_second', rate(readsPerSecond)],
    ['writes_per_second', rate(writesPerSecond)],
    ['share_percent', rate(share * 100)],
  ]);
  return [
    ['hotkeys:operations_per_second', rate(report.operationsPerSecond)],
    ['hotkeys:window_seconds', `${report.windowSeconds}`],
    ['hotkeys:sampled_one_in', `${report.sampledOneIn}`],
    ...ranked('hotkeys', ofKeys),
  ];
}

/** `stats bigkeys`: figures of the whole and of each keyspace, and then of each key, under its rank. */
export function largeKeyFigures(report: LargeKeysReport): Figures {
  const ofKeys = report.keys.map(({ key, keyspace, valueBytes }) => [
    ['key', printableKey(key)],
    ['keyspace', keyspace],
    ['value_bytes', `${valueBytes}`],
  ]);
  const ofKeyspaces = report.keyspaces.flatMap(({ name, keys, valueBytes, largestBytes }): Figures => {
    const of = `bigkeys:keyspace:${name}`;
    return [
      [`${of}:keys`, `${keys}`],
      [`${of}:value_bytes`, `${valueBytes}`],
      [`${of}:largest_bytes`, `${largestBytes}`],
    ];
  });
  return [
    ['bigkeys:complete', report.isComplete ? '1' : '0'],
    ['bigkeys:keys_looked_at', `${report.keysLookedAt}`],
    ['bigkeys:keys_total', `${report.keysTotal}`],
    ['bigkeys:age_seconds', `${report.ageSeconds}`],
    ...ofKeyspaces,
    ...ranked('bigkeys', ofKeys),
  ];
}

/** `<group>:<rank>:<name> <value>`, ranks from 1. */
function ranked(group: string, ofKeys: readonly (readonly (readonly string[])[])[]): Figures {
  return ofKeys.flatMap((figures, at) =>
    figures.map(([name, value]) => [`${group}:${at + 1}:${name}`, value!] as const),
  );
}

function rate(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0);
}

/**
 * A key as text without spaces: `%` and every byte that is no visible ASCII character are written as `%` and two
 * hexadecimal digits, so that any decoder of URLs gives the key.
 */
export function printableKey(key: string): string {
  return key.replace(/[^!-$&-~]/g, percentEncoded);
}
