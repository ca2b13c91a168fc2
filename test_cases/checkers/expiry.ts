import type { Event, History } from '../../src/checkers/history.ts';

/** What entries that expire are promised. Each of their keys is written once. */
export interface Expiry {
  /** The time to live of the key's entry, in seconds. */
  readonly secondsOf: (key: string) => number;
  /** By which fraction cluster time may run too fast or too slow. */
  readonly rateErrorMax: number;
  /** How much two controllers may differ in reading cluster time, in milliseconds. */
  readonly spreadMs: number;
  /** Reads that see every write that was answered before. */
  readonly strict: ReadonlySet<Event>;
  /** Whether each read sees the earlier writes of its own connection. */
  readonly seesOwn: boolean;
  /** Whether clients asked for flushes, which may end entries at any time. */
  readonly isFlushed: boolean;
}

/**
 * An entry is there until its time to live has passed, is gone after that, and does not come back.
 *
 * @returns what is wrong, in words; null when nothing is
 */
export function findWrongExpiry(history: History, expiry: Expiry): string | null {
  for (const write of history) {
    if (write.action.kind !== 'set' || write.answer.kind !== 'word' || write.answer.word !== 'stored')
      continue;
    const reads = history.filter(({ key, action }) => key === write.key && action.kind === 'get');
    const wrong = wrongRead(write, reads, expiry);
    if (wrong !== null)
      return `${write.key}, for ${expiry.secondsOf(write.key)} s from ${span(write)}: ${wrong}`;
  }
  return null;
}

function wrongRead(write: Event, reads: readonly Event[], expiry: Expiry): string | null {
  const { rateErrorMax, spreadMs } = expiry;
  const livesMs = expiry.secondsOf(write.key) * 1_000;
  const earliest = write.invokedAt + livesMs * (1 - rateErrorMax) - spreadMs;
  const latest = write.returnedAt + livesMs * (1 + rateErrorMax) + spreadMs;
  const isTold = (read: Event) => expiry.strict.has(read) || (expiry.seesOwn && read.client === write.client);
  for (const read of reads) {
    if (isHit(read) && read.invokedAt > latest) return `was still there ${span(read)}`;
    if (isHit(read) || read.invokedAt < write.returnedAt || !isTold(read)) continue;
    if (!expiry.isFlushed && read.returnedAt < earliest) return `was gone already ${span(read)}`;
    const later = reads.find(
      (other) => isHit(other) && isTold(other) && other.invokedAt > read.returnedAt + spreadMs,
    );
    if (later !== undefined) return `was gone ${span(read)}, and there again ${span(later)}`;
  }
  return null;
}

function isHit({ answer }: Event): boolean {
  return answer.kind === 'value' && answer.value !== null;
}

function span({ invokedAt, returnedAt }: Event): string {
  return `${invokedAt.toFixed(0)} to ${returnedAt.toFixed(0)} ms`;
}
