import type { Level } from '../../src/consistency/level.ts';
import type { Durability } from '../../src/journal/durability.ts';
import { DISK_MUTANTS } from './disk-mutants.ts';

/** A mistake that could be made in the engines, and that the simulator has to find. */
export interface Mutant {
  /** What goes wrong, in words. */
  readonly name: string;
  readonly file: string;
  /** Text of the file that the mistake takes the place of; it must be there exactly once. */
  readonly text: string;
  readonly replacement: string;
  readonly level: Level;
  /** `none` where it is not given. */
  readonly durability?: Durability;
  /** Faults that bring it out, as `npm run sim -- --faults` takes them; the swarm's where none are given. */
  readonly faults?: string;
  /** As `--horizon`. */
  readonly horizonMs?: number;
  /** It must be found within so many seeds, from the first on. */
  readonly seeds: number;
}

const HOT = 'src/store/hot-entries.ts';
const ORDERED = 'src/replication/ordered-engine.ts';
const CONVERGENT = 'src/replication/convergent-engine.ts';
const TIME = 'src/membership/cluster-clock.ts';
const VIEWS = 'src/membership/view-changer.ts';
const CHOICE = 'src/membership/view-choice.ts';
const SYNC = 'src/replication/sync.ts';
const MEMBERSHIP = 'src/membership/membership.ts';

/** Controllers that are away, some of them for longer than deletions are kept for them. */
const AWAY = 'isolation=1,cut=1,kill=1,link-break=1';

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledges what it has not received',
    file: ORDERED,
    text: 'received: this.#progress.allKept(),',
    replacement: 'received: this.#progress.allKept().map((seq) => seq + 1),',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'takes acknowledgements over a gap',
    file: ORDERED,
    text: 'if (frame.firstSeq > known + 1) return;',
    replacement:
      'if (frame.firstSeq > known + 1) return this.#progress.onAcknowledged(from, frame.received);',
    level: 'linearizability',
    faults: 'link-break=3,redial=3,slow-link=2,link-flaps=2',
    seeds: 4000,
  },
  {
    name: 'applies at once instead of when stable',
    file: ORDERED,
    text: 'if (head.seq > this.#progress.stableSeq(head.effect.version.node)) break;',
    replacement: '',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'drops the condition of a conditional write',
    file: ORDERED,
    text: 'if (effect.base !== null && !sameVersion(effect.base, replica.heldVersion(effect.key))) {',
    replacement: 'if (false) {',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'uses frames of another view',
    file: ORDERED,
    text: 'if (!sameBallot(frame.ballot, this.#ballot)) return;',
    replacement: '',
    level: 'linearizability',
    seeds: 4000,
  },
  {
    name: 'does not send again what a broken link lost',
    file: ORDERED,
    text: 'const effects = this.#queue.streamAfter(this.#ports.node, seq).map((request) => request.effect);',
    replacement: 'const effects: Effect[] = [];',
    level: 'sequential',
    seeds: 300,
  },
  {
    name: 'gives a version that it has seen before',
    file: 'src/ordering/hybrid-clock.ts',
    text: 'this.#last = Math.max(versionTimeOfMs(this.#timeMs()), this.#last + 1);',
    replacement: 'this.#last = Math.max(versionTimeOfMs(this.#timeMs()), this.#last);',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'does not move its clock past what it receives',
    file: 'src/ordering/hybrid-clock.ts',
    text: 'if (time > this.#last) this.#last = time;',
    replacement: '',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'goes by its own wall clock',
    file: TIME,
    text: 'if (this.#agreed) return Math.floor(this.#readingAt(this.#ports.nowMs()));',
    replacement: 'if (this.#agreed) return this.#ports.wallMs();',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'takes the latest clock for the right one',
    file: TIME,
    text: 'return { from: Math.min(one, other), to: Math.max(one, other) };',
    replacement: 'return { from: sorted.at(-1)!, to: sorted.at(-1)! };',
    level: 'sequential',
    durability: 'async',
    faults: 'kill-all=1,clock-leap-ahead=3',
    seeds: 1000,
  },
  {
    name: 'lets cluster time jump to where it is steered',
    file: TIME,
    text: 'Math.min(Math.max(this.#correctionMs, -slewMax), slewMax)',
    replacement: 'this.#correctionMs',
    level: 'sequential',
    faults: 'clock-step=3',
    seeds: 300,
  },
  {
    name: 'says a time before there is one',
    file: TIME,
    text: 'return this.#agreed ? this.nowMs() : null;',
    replacement: 'return this.nowMs();',
    level: 'sequential',
    faults: 'kill=2,clock-leap-ahead=3',
    seeds: 300,
  },
  {
    name: 'begins with a time of its own though others have one',
    file: TIME,
    text: 'else if (times.length > 0) this.#begin(',
    replacement: 'else if (false) this.#begin(',
    level: 'sequential',
    faults: 'kill=2,clock-step=4',
    seeds: 1000,
  },
  {
    name: 'carries out a flush before its time',
    file: CONVERGENT,
    text: 'if (armed === null || agreedMs === null || armed.atMs > agreedMs) return;',
    replacement: 'if (armed === null || agreedMs === null) return;',
    level: 'eventual',
    seeds: 300,
  },
  {
    name: 'reads without waiting for the writes under way',
    file: 'src/consistency/coordinator.ts',
    text: 'if (this.policy.strongReads && engine.afterPending(key, readLater)) unissued++;',
    replacement: 'if (false) unissued++;',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'reads before its connection’s own writes are done',
    file: 'src/consistency/session.ts',
    text: 'return !alone || this.#writesUnderWay === 0;',
    replacement: 'return true;',
    level: 'sequential',
    seeds: 300,
  },
  {
    name: 'says that a write failed whose outcome is unknown',
    file: 'src/consistency/coordinator.ts',
    text: 'if (operation.proposed) return',
    replacement: 'if (false) return',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'does not watch deadlines',
    file: 'src/consistency/coordinator.ts',
    text: 'if (!first.done) first.finish(this.#timedOut(first));',
    replacement: '',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'serves the value of another version',
    file: 'src/replication/replica.ts',
    text: 'if (entry !== null && sameVersion(entry.version, record.version)) {',
    replacement: 'if (entry !== null) {',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'takes a lost value for a miss',
    file: 'src/replication/replica.ts',
    text: 'else this.onMissing(record, error === null ? null : error.message, done, reader);',
    replacement: 'else done(null, null);',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'moves the vector before an exchange has brought anything',
    file: 'src/replication/sync.ts',
    text: 'if (pull === undefined || pull.exchange !== response.exchange) return;',
    replacement:
      'if (pull === undefined || pull.exchange !== response.exchange) return; for (const { version } of response.effects) this.#ports.known().advance(version.node, version.time);',
    level: 'eventual',
    faults: 'kill=2,link-break=3,slow-link=2,link-flaps=2',
    seeds: 4000,
  },
  {
    name: 'thinks that it has caught up when it has with one',
    file: 'src/replication/first-sync.ts',
    text: 'this.#done = peers.every(',
    replacement: 'this.#done = peers.some(',
    level: 'eventual',
    seeds: 300,
  },
  {
    name: 'moves the vector over pushes that it has missed',
    file: CONVERGENT,
    text: 'if (run !== undefined && this.#ports.known.timeOf(peer) >= run.start)',
    replacement: 'if (run !== undefined)',
    level: 'eventual',
    seeds: 300,
  },
  {
    name: 'lets the older version win',
    file: 'src/journal/memory-journal.ts',
    text: 'if (this.#table.compareVersion(slot, version) >= 0) return false;',
    replacement: '',
    level: 'eventual',
    seeds: 300,
  },
  {
    name: 'forgets a deletion that a peer does not know of',
    file: 'src/replication/sweeper.ts',
    text: 'if (without.length === 0) {',
    replacement: 'if (true) {',
    level: 'eventual',
    seeds: 300,
  },
  {
    name: 'keeps in the journal what the store refused',
    file: 'src/replication/unconfirmed-writes.ts',
    text: 'else this.#journal.revert(effect.version, effect.key, known.certain);',
    replacement: '',
    level: 'eventual',
    seeds: 4000,
  },
  {
    name: 'tells peers of a delete that the store may still refuse',
    file: SYNC,
    text: 'if (!afterPending(key, () => readNewest(ports, key, done))) done(true, effectOfRecord(record));',
    replacement: 'done(true, effectOfRecord(record));',
    level: 'eventual',
    faults: 'store-hangs=1',
    seeds: 3_000,
  },
  {
    name: 'serves strong reads without a lease',
    file: MEMBERSHIP,
    text: 'if (!this.#held.holds) return this.#gateWithoutLease();',
    replacement: '',
    level: 'linearizability',
    faults: 'one-way-cut=1,isolation=2,pause=2',
    seeds: 1_500,
  },
  {
    name: 'installs a view before the leases of those left out have run out',
    file: VIEWS,
    text: 'return this.#ports.nowMs() + longestMs * (1 + CLOCK_DRIFT_MAX);',
    replacement: 'return this.#ports.nowMs();',
    level: 'linearizability',
    faults: 'one-way-cut=2,isolation=1',
    seeds: 1_500,
  },
  {
    name: 'counts a lease from when it was granted',
    file: 'src/membership/lease.ts',
    text: 'const untilMs = askedMs + forMs * (1 - CLOCK_DRIFT_MAX);',
    replacement: 'const untilMs = this.#nowMs() + forMs * 3;',
    level: 'linearizability',
    faults: 'one-way-cut=1,isolation=2,pause=2',
    seeds: 1_500,
  },
  {
    name: 'forgets the union of the queues',
    file: CHOICE,
    text: 'union: union(sources.map((node) => promises.get(node)!.queue)),',
    replacement: 'union: [],',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'installs a view that a member has not accepted',
    file: VIEWS,
    text: 'if (!accept.members.every((member) => accepted.has(member.node))) return;',
    replacement: '',
    level: 'linearizability',
    faults: 'kill=1,pause=1,cut=2,link-flaps=2',
    seeds: 1_500,
  },
  {
    name: 'lets those who joined keep their old state',
    file: VIEWS,
    text: 'if (accept.sources.includes(this.#ports.node)) return this.#take(from, accept, null);',
    replacement: 'return this.#take(from, accept, accept.baseApplied);',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'tries every write again that a view left out',
    file: 'src/replication/left-out.ts',
    text: "if (newest === undefined || effect.key === '') return 'unknown';",
    replacement: "if (newest === undefined || effect.key !== 'x') return 'never';",
    level: 'linearizability',
    faults: 'one-way-cut=2,cut=2,link-flaps=1,slow-link=2',
    seeds: 3_000,
  },
  {
    name: 'goes on in a view that it has promised to leave',
    file: ORDERED,
    text: 'freeze(): void {\n    this.#serving = false;',
    replacement: 'freeze(): void {',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'gives out a hot entry whatever its version',
    file: HOT,
    text: '!sameVersion(place.entry.version, version) || isDue',
    replacement: 'isDue',
    level: 'linearizability',
    seeds: 1000,
  },
  {
    name: 'keeps a hot entry when its key is written, and takes its version for the new one',
    file: HOT,
    text: 'place.entry = inOwnMemory(entry);',
    replacement: 'place.entry = { ...place.entry, version: entry.version };',
    level: 'linearizability',
    seeds: 300,
  },
  {
    name: 'does not look for the mark of an emptied store',
    file: 'src/replication/store-watch.ts',
    text: 'const isEmptied = !isFirst && !isAnother && !found.isPresent;',
    replacement: 'const isEmptied = false;',
    level: 'eventual',
    faults: 'store-emptied=2',
    seeds: 100,
  },
  {
    name: 'trusts what was in a store before it was marked',
    file: 'src/replication/store-watch.ts',
    text: 'if (this.#ports.journal.keys === 0) return this.noteFilled();',
    replacement: 'if (this.#startsEmpty) return this.noteFilled();',
    level: 'eventual',
    faults: 'store-gone=2,store-hangs=1,store-emptied=2,kill=1,isolation=1',
    seeds: 3_000,
  },
  {
    name: 'forgets what a store did not take while it was away',
    file: 'src/replication/replica.ts',
    text: "if (code === 'STORE_DOWN' || code === 'STORE_TIMEOUT') this.unstored.add(key);",
    replacement: '',
    level: 'linearizability',
    faults: 'store-gone=2,store-hangs=1',
    seeds: 300,
  },
  {
    name: 'gives up at once what a peer that is away may have',
    file: 'src/replication/refill.ts',
    text: 'for (const key of unsettled) this.#ports.replica.unstored.add(key);',
    replacement: '',
    level: 'eventual',
    faults: 'store-emptied=3,isolation=2,kill=1',
    seeds: 1_000,
  },
  {
    name: 'shows a hot write that its store may still refuse',
    file: 'src/replication/replica.ts',
    text: 'this.#store.set(key, entry, (error) => {',
    replacement: 'this.hot.replace(key, entry); this.#store.set(key, entry, (error) => {',
    level: 'eventual',
    faults: 'store-hangs=3',
    seeds: 3_000,
  },
  {
    name: 'forgets that it has forgotten deletions early',
    file: 'src/journal/memory-journal.ts',
    text: 'this.forgotten.advance(record.version.node, record.version.time);',
    replacement: '',
    level: 'eventual',
    faults: AWAY,
    horizonMs: 300,
    seeds: 300,
  },
  {
    name: 'takes from one who has missed deletions that are forgotten',
    file: SYNC,
    text: 'if (!lapsed || from < this.#ports.node) return onLapsed(from);',
    replacement: '',
    level: 'eventual',
    faults: 'isolation=1,cut=2,slow-link=2',
    horizonMs: 300,
    seeds: 1_000,
  },
  {
    name: 'gives to one who has missed deletions that are forgotten',
    file: SYNC,
    text: "if (lapsed) return bus.send(from, { type: 'sync-lapsed', exchange });",
    replacement: '',
    level: 'sequential',
    faults: AWAY,
    horizonMs: 300,
    seeds: 1_000,
  },
  ...DISK_MUTANTS,
];
