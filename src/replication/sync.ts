import { type Effect, effectBytes } from '../ordering/effect.ts';
import { sameVersion } from '../ordering/version.ts';
import { VersionVector } from '../ordering/version-vector.ts';
import type { PeerBus, SyncComplete, SyncRequest, SyncResponse } from '../peer/messages.ts';
import type { Replica } from './replica.ts';

export interface SyncPorts {
  readonly bus: PeerBus;
  readonly replica: Replica;
  /** What is known here of every origin, as of now. */
  readonly known: () => VersionVector;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** An exchange that makes no progress for this long is given up. */
  readonly timeoutMs: number;
  /** Takes in one write that a peer sent. */
  readonly applyRemote: (effect: Effect) => void;
  /** An exchange ended: everything that the peer knew when it began is now known here. */
  readonly onSynced: (peer: number) => void;
}

/** An exchange that was started here. */
interface Pull {
  readonly exchange: number;
  progressMs: number;
}

/** An exchange that a peer started: what it still has to get. */
interface Feed {
  readonly exchange: number;
  readonly missing: readonly Effect[];
  readonly known: readonly number[];
  next: number;
  /** Writes in the next part, so that its values come to about `PART_BYTES`. */
  partWrites: number;
}

/**
 * Anti-entropy: brings a controller what it lacks, whoever wrote it, oldest first, one exchange at a time per
 * peer, in parts that each wait for the one before to be taken in.
 *
 * Invariant: the vector moves only with `sync-complete`, to what the peer knew when the exchange began. An
 * exchange that breaks off has brought good writes and claims nothing.
 */
export class Sync {
  readonly #ports: SyncPorts;
  readonly #pulls = new Map<number, Pull>();
  readonly #feeds = new Map<number, Feed>();
  readonly #syncedMs = new Map<number, number>();
  #lastExchange = 0;

  constructor(ports: SyncPorts) {
    this.#ports = ports;
  }

  /** Starts an exchange, unless one with this peer is under way. */
  pull(peer: number): void {
    const { bus, nowMs, timeoutMs } = this.#ports;
    if (!bus.isUp(peer)) return;
    const running = this.#pulls.get(peer);
    if (running !== undefined && nowMs() - running.progressMs < timeoutMs) return;
    this.restart(peer);
  }

  /** Starts an exchange that sees all that the peer knows from now on; one under way is given up. */
  restart(peer: number): void {
    const { bus, nowMs, known } = this.#ports;
    this.#lastExchange = (this.#lastExchange + 1) >>> 0;
    this.#pulls.set(peer, { exchange: this.#lastExchange, progressMs: nowMs() });
    bus.send(peer, { type: 'sync-request', exchange: this.#lastExchange, known: known().times() });
  }

  isSyncing(peer: number): boolean {
    return this.#pulls.has(peer);
  }

  /** Milliseconds since the last completed exchange with the peer; null: never. */
  sinceSyncMs(peer: number): number | null {
    const at = this.#syncedMs.get(peer);
    return at === undefined ? null : this.#ports.nowMs() - at;
  }

  onPeerDown(peer: number): void {
    this.#pulls.delete(peer);
    this.#feeds.delete(peer);
  }

  onRequest(from: number, request: SyncRequest): void {
    const { replica } = this.#ports;
    const theirs = new VersionVector(request.known);
    const missing = replica.journal.since(theirs);
    const known = this.#ports.known().times();
    this.#feeds.set(from, {
      exchange: request.exchange,
      missing,
      known,
      next: 0,
      partWrites: PART_WRITES_FIRST,
    });
    this.#feed(from);
  }

  onNext(from: number, exchange: number): void {
    if (this.#feeds.get(from)?.exchange === exchange) this.#feed(from);
  }

  onResponse(from: number, response: SyncResponse): void {
    const pull = this.#pulls.get(from);
    if (pull === undefined || pull.exchange !== response.exchange) return;
    pull.progressMs = this.#ports.nowMs();
    for (const effect of response.effects) this.#ports.applyRemote(effect);
    this.#ports.bus.send(from, { type: 'sync-next', exchange: response.exchange });
  }

  onComplete(from: number, complete: SyncComplete): void {
    const pull = this.#pulls.get(from);
    if (pull === undefined || pull.exchange !== complete.exchange) return;
    this.#pulls.delete(from);
    this.#ports.known().merge(new VersionVector(complete.known));
    this.#syncedMs.set(from, this.#ports.nowMs());
    this.#ports.onSynced(from);
  }

  /** Sends the next part: values are read from the store just before they are sent. */
  #feed(peer: number): void {
    const feed = this.#feeds.get(peer)!;
    const { bus, replica } = this.#ports;
    if (feed.next >= feed.missing.length) {
      this.#feeds.delete(peer);
      bus.send(peer, { type: 'sync-complete', exchange: feed.exchange, known: feed.known });
      return;
    }
    const part = feed.missing.slice(feed.next, feed.next + feed.partWrites);
    feed.next += part.length;
    readValues(replica, part, (effects) => {
      if (this.#feeds.get(peer) !== feed) return;
      if (effects === null) {
        this.#feeds.delete(peer);
        return;
      }
      bus.send(peer, { type: 'sync-response', exchange: feed.exchange, effects });
      feed.partWrites = nextPartWrites(effects);
    });
  }
}

/** What one part of an exchange is to come to, in bytes, and in writes at the start and at the most. */
const PART_BYTES = 1_048_576;
const PART_WRITES_FIRST = 16;
const PART_WRITES_MAX = 1024;

function nextPartWrites(effects: readonly Effect[]): number {
  if (effects.length === 0) return PART_WRITES_MAX;
  const bytes = effects.reduce((sum, effect) => sum + effectBytes(effect), 0);
  return Math.min(PART_WRITES_MAX, Math.max(1, Math.floor((PART_BYTES * effects.length) / bytes)));
}

/**
 * Fills in the values that the store still has. What has been superseded or taken back since is left out; a
 * write whose value is lost is sent all the same, without it: it happened.
 *
 * @param done null when the store failed
 */
function readValues(
  replica: Replica,
  part: readonly Effect[],
  done: (effects: Effect[] | null) => void,
): void {
  const found: (Effect | null)[] = [...part];
  let failed = false;
  let waiting = 1;
  const one = () => {
    if (--waiting === 0) done(failed ? null : found.filter((effect) => effect !== null));
  };
  part.forEach((effect, index) => {
    if (effect.kind !== 'set') return;
    waiting++;
    replica.readHere(effect.key, effect.version, (error, entry) => {
      const newest = replica.journal.newest(effect.key);
      if (error !== null) failed = true;
      else if (newest === undefined || !sameVersion(newest.version, effect.version)) found[index] = null;
      else if (entry !== null) found[index] = { ...effect, flags: entry.flags, value: entry.value };
      one();
    });
  });
  one();
}
