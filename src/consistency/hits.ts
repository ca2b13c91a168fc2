import type { Hit, Reply } from '../protocol/reply.ts';
import type { Entry } from '../store/entry.ts';
import { tokenOf } from './conditional.ts';

/** The fields of an entry that a client may see. */
export type VisibleEntry = Pick<Entry, 'flags' | 'value' | 'version' | 'token'>;

export const NO_HITS: Reply = Object.freeze({ kind: 'hits', hits: [] });

export function hitOf(key: string, entry: VisibleEntry, withCas: boolean): Hit {
  return { key, flags: entry.flags, value: entry.value, cas: withCas ? tokenOf(entry) : 0n };
}
