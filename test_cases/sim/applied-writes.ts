import type { Effect } from '../../src/ordering/effect.ts';
import { compareVersions, type Version } from '../../src/ordering/version.ts';
import { keyOf, valueIn } from '../support/effects.ts';

/**
 * Every write that is in any of the lists, once, in the order of versions. Several controllers apply one write in
 * different forms: as a value, as the difference that an append makes, or, where a transfer brought it and the
 * donor's store had lost the value, as a set without a value. The form with the value counts, then the difference.
 */
export function mergedWrites(lists: readonly (readonly Effect[])[]): Effect[] {
  const byVersion = new Map<string, Effect>();
  for (const effect of lists.flat()) {
    const name = `${effect.version.time}/${effect.version.node}`;
    const known = byVersion.get(name);
    if (known === undefined || formOf(effect) >= formOf(known)) byVersion.set(name, effect);
  }
  return [...byVersion.values()].sort((a, b) => compareVersions(a.version, b.version));
}

/** How much of the value the effect tells: nothing, a difference, or all of it. */
function formOf(effect: Effect): 0 | 1 | 2 {
  if (effect.kind === 'join') return 1;
  return valueIn(effect) === null ? 0 : 2;
}

/** The values that the writes leave. A difference adds to the value of the version that it was made of. */
export function valuesOf(inOrder: readonly Effect[]): Map<Effect, string> {
  const values = new Map<Effect, string>();
  const byVersion = new Map<string, string>();
  for (const effect of inOrder) {
    let value = valueIn(effect)?.toString();
    if (effect.kind === 'join') {
      const base = byVersion.get(versionName(effect.key, effect.condition));
      if (base !== undefined) value = effect.side === 'end' ? base + effect.part : effect.part + base;
    }
    if (value === undefined) continue;
    values.set(effect, value);
    byVersion.set(versionName(keyOf(effect)!, effect.version), value);
  }
  return values;
}

function versionName(key: string, { time, node }: Version): string {
  return `${time}/${node} ${key}`;
}
