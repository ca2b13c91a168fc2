import type { Clock } from '../../../base/clock.ts';
import { InvariantError } from '../../../base/invariant-error.ts';
import type { Log } from '../../../base/log.ts';
import type { ControllerId } from '../../../base/number-kinds.ts';
import { evaluatorOf } from '../../../consistency/decide.ts';
import { MemoryJournal } from '../../../journal/memory-journal.ts';
import { NOTHING_RECOVERED } from '../../../journal/recovered-state.ts';
import { ClusterClock } from '../../../membership/cluster-clock.ts';
import { OPEN } from '../../../membership/gate.ts';
import type { PeerBus } from '../../../membership/peer-bus.ts';
import { Peers } from '../../../membership/peers.ts';
import { MemoryViewLog } from '../../../membership/view-record.ts';
import { configurationOf, idsEndOf } from '../../../placement/configuration.ts';
import { Group } from '../../../replication/group.ts';
import type { GroupMessage } from '../../../replication/messages.ts';
import { type Reader, ReadFlow } from '../../../replication/read-flow.ts';
import { READ_WINDOW_BYTES, readWindows } from '../../../replication/read-windows.ts';
import { newContext, OWN_CONTEXT } from '../../../replication/request-context.ts';
import type { ControllerPorts } from '../../../replication/scheme-ports.ts';
import { SCHEMES } from '../../../replication/schemes.ts';
import { EmbeddedDriver } from '../../../store/embedded-driver.ts';
import type { Entry } from '../../../store/entry.ts';
import { HotEntries } from '../../../store/hot-entries.ts';
import { KVController } from '../../../store/kv-controller.ts';
import type { Counters } from './counters.ts';
import { decodeWrite, encodeWrite, type LabWrite, type LoggedWrite } from './lab-write.ts';
import { counterOf, LIVES_MAX, LogicalClock } from './logical-clock.ts';
import type { TieRule } from './tie-rule.ts';

export interface LabReplicaPorts {
  /** The number of this life of the server, from 0 on: the engine knows it as the id of a controller. */
  readonly life: ControllerId;
  readonly id: number;
  readonly tie: TieRule;
  readonly send: (life: ControllerId, message: GroupMessage) => void;
  readonly isLinked: (life: ControllerId) => boolean;
}

/** The number of the group that holds the entries. */
export const LAB_GROUP = SCHEMES.convergent.group;

/** The most that one server stores, in bytes. */
const STORE_BYTES_MAX = 268_435_456;

/**
 * One server's part in the data: a group of the engine with the convergent scheme, an embedded store, a journal in
 * memory, and a logical clock.
 *
 * The group knows no peers by configuration, since each life of a server is another peer. It meets them when it is
 * told to exchange. It never pushes: a push is no more than a quick way for what an exchange brings anyway.
 */
export class LabReplica {
  readonly #clock: LogicalClock;
  readonly #store: KVController;
  readonly #group: Group;
  #isFlushDue = false;
  readonly #isLinked: LabReplicaPorts['isLinked'];
  /** The exchanges that were asked for and are under way, by life. */
  readonly #exchanges = new Map<ControllerId, () => void>();

  constructor(ports: LabReplicaPorts) {
    this.#clock = new LogicalClock(ports.life, ports.id, ports.tie);
    this.#isLinked = ports.isLinked;
    this.#store = new KVController('embedded', new EmbeddedDriver({ bytesMax: STORE_BYTES_MAX }), SILENT);
    this.#store.open();
    const requestFlush = (): void => this.#requestFlush();
    this.#group = new Group({
      number: LAB_GROUP,
      scheme: 'convergent',
      members: null,
      controller: controllerPorts(ports.life, this.#clock, requestFlush),
      settings: SETTINGS,
      bus: busOf(ports),
      journal: new MemoryJournal(),
      recovered: NOTHING_RECOVERED,
      viewLog: new MemoryViewLog(),
      store: this.#store,
      hot: new HotEntries(0),
      evaluator: evaluatorOf(() => FROZEN.wallMs(), STORE_BYTES_MAX),
      windows: readWindows(requestFlush, READ_WINDOW_BYTES),
      log: SILENT,
      journalName: `life-${ports.life}`,
      requestTimeoutMs: 1_000,
      nextTurn: setImmediate,
    });
    // There is no peer to wait for before the first request.
    this.#group.scheme.onTick();
  }

  get counter(): number {
    return this.#clock.counter;
  }

  get vector(): Counters {
    const times = this.#group.scheme.known.times();
    return times.flatMap((time, life) => (time === 0 ? [] : [[life, counterOf(time)] as const]));
  }

  /** @param seen the highest counter that the client has seen. @returns the accept time */
  put(key: string, write: LabWrite, seen: number): Promise<number> {
    this.#clock.lift(seen);
    return new Promise((resolve, reject) => {
      this.#group.scheme.write(
        {
          kind: 'set',
          key,
          condition: null,
          flags: 0,
          expiresAtMs: 0,
          token: null,
          marks: 0,
          value: encodeWrite(write),
        },
        (outcome) => {
          if (outcome.kind === 'applied') resolve(counterOf(outcome.version.time) - 1);
          else reject(new Error(outcome.kind === 'unknown' ? outcome.reason : 'the write has a condition'));
        },
        OWN_CONTEXT,
      );
    });
  }

  /** The write that gives the key its value; null when there is none. */
  get(key: string): Promise<LoggedWrite | null> {
    return new Promise((resolve, reject) => {
      const done = (failure: { readonly reason: string } | null, entry: Entry | null): void => {
        if (failure !== null) reject(new Error(failure.reason));
        else resolve(entry === null ? null : loggedWrite(key, entry));
      };
      this.#group.scheme.read(key, 'local', done, newReader());
    });
  }

  /** The writes that have not been overwritten, in no order. */
  async log(): Promise<LoggedWrite[]> {
    const records = this.#group.replica.journal.walk();
    const keys: string[] = [];
    for (let next = records.next(); !next.done; next = records.next()) keys.push(next.value.key);
    const writes = await Promise.all(keys.map((key) => this.get(key)));
    return writes.filter((write) => write !== null);
  }

  /** Asks a linked server for what is missing here. Resolves when all of that is here, or the link is gone. */
  exchange(life: ControllerId): Promise<void> {
    if (!this.#isLinked(life)) return Promise.resolve();
    if (this.#exchanges.has(life)) throw new InvariantError('two exchanges with one server at a time');
    return new Promise((resolve) => {
      this.#exchanges.set(life, resolve);
      this.#group.scheme.exchange.pull(life);
      this.#settleExchange(life);
    });
  }

  onMessage(from: ControllerId, message: GroupMessage): void {
    this.#group.onMessage(from, message);
    this.#settleExchange(from);
  }

  onUnlinked(life: ControllerId): void {
    this.#group.onPeerDown(life);
    this.#settleExchange(life);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #settleExchange(life: ControllerId): void {
    if (this.#group.scheme.exchange.hasExchangeWith(life)) return;
    const done = this.#exchanges.get(life);
    this.#exchanges.delete(life);
    done?.();
  }

  #requestFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#group.flush();
    });
  }
}

/** Nothing in a lab depends on time. */
const FROZEN: Clock = { nowMs: () => 0, wallMs: () => 0 };

const SILENT: Log = { info: () => {}, warn: () => {} };

/** Those of them that matter to a convergent group: it has no disk, no peer to wait for, and forgets nothing. */
const SETTINGS = {
  hasEntries: true,
  durability: 'none',
  mayForm: false,
  leaseMs: 1_000,
  suspectAfterMs: 1_000,
  startGraceMs: 0,
  queueBytesMax: 1_048_576,
  tombstoneHorizonMs: 86_400_000,
} as const;

function busOf({ send, isLinked }: LabReplicaPorts): PeerBus<GroupMessage> {
  return {
    send: (life, message) => {
      if (isLinked(life)) send(life, message);
    },
    // These are pushes. The lab's servers tell each other of writes in exchanges only.
    sendToAll: () => {},
    sendTo: (lives, message) => {
      for (const life of lives) if (isLinked(life)) send(life, message);
    },
    isUp: isLinked,
  };
}

function controllerPorts(
  life: ControllerId,
  versions: LogicalClock,
  requestFlush: () => void,
): ControllerPorts {
  const peers = new Peers({
    ids: [],
    heartbeatMs: 1_000,
    threshold: 3,
    clock: FROZEN,
    tickMs: 100,
    isLinked: () => false,
    nameOf: String,
  });
  const time = new ClusterClock({
    node: 0,
    configuration: () => ONE,
    clock: FROZEN,
    knownMs: 0,
    heard: () => [],
    maxSkewMs: 1_000,
    graceMs: 0,
  });
  time.onTick();
  return {
    node: life,
    configuration: () => ALL,
    originsEnd: () => idsEndOf(ALL),
    configured: ALL,
    incarnation: 1,
    clock: FROZEN,
    random: () => 0.5,
    time,
    versions,
    peers,
    isAbsent: () => false,
    incarnationOf: () => null,
    takesDifferences: () => false,
    placementGate: () => OPEN,
    isMember: () => true,
    votingGate: () => OPEN,
    votersGate: () => OPEN,
    hasEnded: () => false,
    hasMovedShards: () => false,
    retiredMs: () => null,
    refuse: (peer, reason) => {
      throw new InvariantError(`server life ${life} refuses what life ${peer} says: ${reason}`);
    },
    requestFlush,
    onChange: () => {},
    announce: () => {},
    onPlacement: () => {},
    isDrained: () => false,
    startEmpty: (reason) => {
      throw new InvariantError(`server life ${life} would have to start empty: ${reason}`);
    },
  };
}

/** A reader whose value is small, and which reads one value at a time. */
function newReader(): Reader {
  return {
    flow: new ReadFlow({ fits: () => true, reserve: () => {} }),
    context: newContext(),
    hasMovedOn: false,
    isGone: false,
    isNextReply: true,
    countsAsRead: false,
    reservedBytes: 0,
    reserve: () => {},
    onIssued: () => {},
    onBlocked: () => {},
    onDelayed: () => {},
  };
}

function loggedWrite(key: string, { version, value }: Entry): LoggedWrite {
  const acceptTime = counterOf(version.time) - 1;
  return { ...decodeWrite(value), key, life: version.node, acceptTime };
}

/** What one life of a server counts as its cluster, and the writers that a version may name. */
const ONE = configurationOf([{ host: 'lab', port: 1 }]);
const ALL = configurationOf(Array.from({ length: LIVES_MAX }, () => ({ host: 'lab', port: 1 })));
