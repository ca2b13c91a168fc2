import { createHash } from 'node:crypto';
import type { KeyHere } from '../../http/keys-here.ts';
import type { JournalRecord } from '../../journal/journal.ts';
import { casOfVersion, msOfVersionTime, sameVersion } from '../../ordering/version.ts';
import type { Replica } from '../../replication/replica.ts';
import type { KVController } from '../../store/kv-controller.ts';
import type { ControllerParts } from '../controller-parts.ts';

/** The value of a key with its flags, and where it was found. */
interface FoundValue {
  readonly place: 'store' | 'journal';
  readonly flags: number;
  readonly value: Buffer;
}

/**
 * Tells what this controller holds for the key: its newest completed write, and the value as its store has
 * it, or else its journal. It asks no peer, waits for no write that is under way, and repairs nothing, so
 * that it shows what is there.
 *
 * @param done called once; at once where there is no value to read
 * @param looks how often a key may still be looked at that is written while its value is read
 */
export function keyHere(
  parts: KeyHereParts,
  key: string,
  done: (found: KeyHere) => void,
  looks = LOOKS_MAX,
): void {
  const { core, store } = parts;
  const { name: keyspace, policy, group, elsewhere } = core.router.partOf(key);
  const { level } = policy;
  if (elsewhere !== null) return done({ keyspace, level, state: 'elsewhere', ...NO_WRITE, ...NO_VALUE });
  const { replica } = group;
  const record = replica.journal.newest(key);
  if (record === undefined) return done({ keyspace, level, state: 'none', ...NO_WRITE, ...NO_VALUE });
  const write = {
    version: `${casOfVersion(record.version)}`,
    writtenAt: isoOf(msOfVersionTime(record.version.time)),
    writtenBy: record.version.node,
  };
  if (record.tombstone) return done({ keyspace, level, state: 'deleted', ...write, ...NO_VALUE });
  const state = replica.isLive(key) ? 'entry' : 'expired';
  const expiresAt = record.expiresAtMs === 0 ? null : isoOf(record.expiresAtMs);
  const base = { keyspace, level, state, ...write, ...NO_VALUE, expiresAt } as const;
  if (state === 'expired') return done(base);
  findValue(replica, store, record, (found) => {
    if (found !== null) return done({ ...base, ...valueFields(found) });
    const newest = replica.journal.newest(key);
    const isOverwritten = newest === undefined || !sameVersion(newest.version, record.version);
    if (isOverwritten && looks > 1) return keyHere(parts, key, done, looks - 1);
    done({ ...base, valueIn: 'missing' });
  });
}

type KeyHereParts = Pick<ControllerParts, 'core' | 'store'>;

/** How often a key is looked at that is written again and again while its value is read. */
const LOOKS_MAX = 5;

const NO_WRITE = { version: null, writtenAt: null, writtenBy: null };
const NO_VALUE = { expiresAt: null, valueBytes: null, flags: null, digest: null, valueIn: null };

/** Looks for the value of this very write. */
function findValue(
  { journal }: Replica,
  store: KVController,
  { key, version }: JournalRecord,
  done: (found: FoundValue | null) => void,
): void {
  store.get(key, (_, entry) => {
    if (entry !== null && sameVersion(entry.version, version))
      return done({ place: 'store', flags: entry.flags, value: entry.value });
    journal.valueOf(key, version, (_error, effect) => {
      if (effect === null || effect.value === null) return done(null);
      done({ place: 'journal', flags: effect.flags, value: effect.value });
    });
  });
}

function valueFields({ place, flags, value }: FoundValue) {
  const digest = createHash('sha256').update(value).digest('hex');
  return { valueBytes: value.length, flags, digest, valueIn: place };
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
