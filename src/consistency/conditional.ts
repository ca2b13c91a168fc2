import type { WallMs } from '../base/number-kinds.ts';
import { MARKS } from '../ordering/effect.ts';
import { casOfVersion } from '../ordering/version.ts';
import type { EntryReply } from '../protocol/reply.ts';
import type { Evaluation, ExistingEntry, SetChange } from '../replication/evaluation.ts';
import type { DifferenceLimits } from './differences.ts';

export interface DecideContext {
  /** Cluster time, milliseconds since 1970. */
  readonly nowMs: WallMs;
  readonly itemBytesMax: number;
  readonly differences: DifferenceLimits;
}

/** The evaluation of a request that changes nothing. */
export function answer(reply: EntryReply): Evaluation {
  return { change: null, reply: () => reply };
}

export function tokenOf({ token, version }: Pick<ExistingEntry, 'token' | 'version'>): bigint {
  return token ?? casOfVersion(version);
}

export function hasMark(found: Pick<ExistingEntry, 'marks'>, mark: keyof typeof MARKS): boolean {
  return (found.marks & MARKS[mark]) !== 0;
}

/** The entry as it is, under a new version. It keeps its token, because its value is not a new one. */
export function unchanged(found: ExistingEntry): SetChange {
  const { flags, expiresAtMs, marks, value } = found;
  return { kind: 'set', flags, expiresAtMs, marks, value, token: tokenOf(found) };
}
