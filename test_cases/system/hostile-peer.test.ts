import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { NO_BALLOT } from '../../src/membership/ballot.ts';
import type { Heartbeat } from '../../src/membership/messages.ts';
import { versionTimeOfMs } from '../../src/ordering/version.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import { prefaceOf, VERSIONS } from '../../src/peer/preface.ts';
import { Random } from '../sim/random.ts';
import { type Cluster, SECRET, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { framed } from '../support/framed.ts';
import { PeerMutation } from '../support/peer-mutation.ts';
import { RawPeer } from '../support/raw-peer.ts';

const KEYS = Array.from({ length: 20 }, (_, i) => `good-${i}`);

/** The id that a hostile peer claims. */
const CLAIMED = 2;

const YEARS_MS = 5 * 365 * 86_400_000;

/** Whether a hostile peer has the right secret (`insider`), a wrong one (`guesser`), or none (`stranger`). */
type Knowledge = 'insider' | 'guesser' | 'stranger';

function secretOf(knowledge: Knowledge): Buffer | null {
  if (knowledge === 'stranger') return null;
  return Buffer.from(knowledge === 'insider' ? SECRET : 'some secret of another cluster');
}

/** Connects to a controller, and claims to be controller 2. */
function claim(cluster: Cluster, to: number, level: string, secret: Buffer | null): Promise<RawPeer> {
  const peers = cluster.ports.map((port) => `127.0.0.1:${port}`).join(',');
  const hello = { cluster: 'memchorus', node: CLAIMED, incarnation: 77, placement: level, peers };
  return RawPeer.connect({ address: { host: '127.0.0.1', port: cluster.ports[to]! }, hello, secret });
}

async function settled(peer: RawPeer): Promise<RawPeer> {
  await eventually(() => peer.events.length > 0);
  return peer;
}

async function store(cluster: Cluster): Promise<void> {
  const client = await cluster.client(0);
  for (const key of KEYS) expect(await client.set(key, `value of ${key}`)).toBe('STORED');
}

/** Expects the values at every controller, and that new writes get versions of today. */
async function expectIntact(cluster: Cluster): Promise<void> {
  for (const [id, controller] of cluster.controllers.entries()) {
    if (!controller.isRunning) continue;
    const client = await cluster.client(id);
    for (const key of KEYS) {
      await eventually(async () => expect(await client.get(key), `${key} at ${id}`).toBe(`value of ${key}`));
    }
    await eventually(async () => expect(await client.set(`after-${id}`, 'it goes on')).toBe('STORED'));
    const [line] = await client.lines(`gets after-${id}`);
    const version = Number(BigInt(line!.split(' ')[4]!) / 256n);
    expect(version).toBeLessThan(versionTimeOfMs(Date.now() + 60_000));
  }
}

function residentBytes(cluster: Cluster, id: number): number {
  const status = readFileSync(`/proc/${cluster.controllers[id]!.pid}/status`, 'utf8');
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
}

const log = (cluster: Cluster, id: number): string => cluster.controllers[id]!.log().join('\n');

describe('a peer without the secret', () => {
  it.each<Knowledge>(['stranger', 'guesser'])(
    'learns nothing and changes nothing, as a %s',
    async (knowledge) => {
      await using cluster = await startCluster({ level: 'eventual', store: 'custom' });
      await store(cluster);
      const before = log(cluster, CLAIMED).length;
      const peer = await settled(await claim(cluster, 0, 'eventual', secretOf(knowledge)));
      // Regression: a peer without a proof that sent only a request for an exchange was sent all records.
      peer.send({ type: 'sync-request', exchange: 1, known: [], forgotten: [], empty: true });
      await peer.closed;
      expect([peer.isUp, peer.received]).toEqual([false, []]);
      await eventually(() => expect(log(cluster, 0)).toMatch(/peer is refused .*cluster secret/));
      // Regression: a forged hello broke the link of the real controller.
      expect(log(cluster, CLAIMED).slice(before)).not.toMatch(/peer is (down|refused)/);
      await expectIntact(cluster);
    },
  );

  it('delays no client by connections without a handshake, and gets no memory for claimed lengths', async () => {
    await using cluster = await startCluster({ level: 'linearizability', store: 'custom' });
    await store(cluster);
    const before = residentBytes(cluster, 0);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(2 ** 30);
    const sockets = Array.from({ length: 500 }, (_, i) => {
      const socket = connect(cluster.ports[0]!, '127.0.0.1');
      socket.on('error', () => {});
      // The answer has to be read, or the end behind it is never noticed.
      socket.resume();
      socket.write(prefaceOf(VERSIONS));
      if (i % 2 === 0) socket.write(length);
      return socket;
    });
    await expectIntact(cluster);
    await eventually(() => expect(sockets.every(({ closed }) => closed)).toBe(true));
    expect(residentBytes(cluster, 0) - before).toBeLessThan(100 * 1_048_576);
  });
});

describe('a peer that has passed the handshake, and sends false times', () => {
  const heartbeat = (change: Partial<Heartbeat>): PeerMessage => ({
    type: 'heartbeat',
    time: versionTimeOfMs(Date.now()),
    wallMs: Date.now(),
    clusterMs: Date.now(),
    askedMs: 0,
    installed: NO_BALLOT,
    acceptor: { promised: NO_BALLOT, accepted: NO_BALLOT, members: [], retention: 'lost', incarnation: 77 },
    transferring: false,
    hears: [],
    caughtUp: true,
    journalTrouble: '',
    storeTrouble: '',
    isStalling: false,
    departure: 'staying',
    onProbation: [],
    heard: [0, 0, 0],
    lagMs: 0,
    known: [0, 0, 0],
    ...change,
  });
  const flush: PeerMessage = {
    type: 'push',
    previousTime: 0,
    effects: [{ kind: 'flush', version: { time: versionTimeOfMs(Date.now() + YEARS_MS), node: CLAIMED } }],
  };

  it.each<[string, string, boolean, readonly PeerMessage[]]>([
    [
      'linearizability',
      'a time near the end of time stopped the cluster for ever',
      true,
      [heartbeat({ time: Number.MAX_SAFE_INTEGER - 1 })],
    ],
    [
      'linearizability',
      'the same without a secret, on loopback',
      false,
      [heartbeat({ time: Number.MAX_SAFE_INTEGER - 1 })],
    ],
    ['eventual', 'a flush dated years ahead emptied all controllers', true, [heartbeat({}), flush]],
    ['eventual', 'the same without a secret, on loopback', false, [heartbeat({}), flush]],
  ])('at %s, regression: %s', async (level, _, hasSecret, messages) => {
    await using cluster = await startCluster({ level, store: 'custom', hasSecret });
    await store(cluster);
    await cluster.kill(CLAIMED);
    const secret = hasSecret ? secretOf('insider') : null;
    for (const to of [0, 1]) {
      const peer = await settled(await claim(cluster, to, level, secret));
      expect(peer.events).toEqual(['welcome']);
      for (const message of messages) peer.send(message);
      await peer.closed;
      await eventually(() => expect(log(cluster, to)).toMatch(/peer is refused .*max_clock_skew/));
    }
    await cluster.restart(CLAIMED);
    await expectIntact(cluster);
    for (const id of [0, 1, 2]) await cluster.kill(id);
    cluster.startAll();
    await cluster.ready();
    await expectIntact(cluster);
  });
});

/**
 * Sends mutated copies of real messages, drawn from a seed, and connects again whenever it is refused.
 * @returns how often it was refused
 */
async function fuzz(
  cluster: Cluster,
  to: number,
  level: string,
  knowledge: Knowledge,
  hasSecret: boolean,
  random: Random,
): Promise<number> {
  const mutation = new PeerMutation(random.fork('mutation'));
  let refusals = 0;
  let peer = await settled(await claim(cluster, to, level, hasSecret ? secretOf(knowledge) : null));
  await eventually(() => peer.received.length > 3 || !peer.isUp);
  for (let sent = 0; sent < PAYLOADS; sent++) {
    for (const message of peer.received.splice(0)) mutation.learn(message);
    if (!peer.isUp) {
      refusals++;
      peer = await settled(await claim(cluster, to, level, hasSecret ? secretOf(knowledge) : null));
    }
    if (!mutation.isReady) mutation.learn({ type: 'sync-next', exchange: 1 });
    const payload = mutation.next();
    const way = random.below(20);
    if (way > 1) peer.sendPayload(payload);
    // These bytes have no tag. They may look like the beginning of a long frame, so the connection ends after
    // them.
    else peer.connection.end(way === 0 ? payload : framed({ type: 'sync-next', exchange: 1 }));
    // Now and then the peer waits for an answer, or for the end of the connection.
    const isHeard = () => !peer.isUp || peer.received.length > 0;
    if (sent % 8 === 0) await eventually(isHeard);
  }
  peer.close();
  return refusals;
}

const PAYLOADS = 200;
const GROWTH_BYTES_MAX = 150 * 1_048_576;

describe('a fuzzer of the peer protocol', () => {
  it.each<[string, Knowledge, boolean, number]>([
    ['linearizability', 'insider', true, 1],
    ['linearizability', 'guesser', true, 2],
    ['linearizability', 'stranger', false, 3],
    ['eventual', 'insider', true, 4],
    ['eventual', 'stranger', false, 5],
  ])(
    'at %s, as %s, does no lasting damage (secret: %s, seed %d)',
    async (level, knowledge, hasSecret, seed) => {
      const random = new Random(seed);
      await using cluster = await startCluster({ level, store: 'custom', hasSecret });
      await store(cluster);
      await cluster.kill(CLAIMED);
      const before = [0, 1].map((id) => residentBytes(cluster, id));
      const pids = [0, 1].map((id) => cluster.controllers[id]!.pid);
      const refusals = await Promise.all(
        [0, 1].map((to) => fuzz(cluster, to, level, knowledge, hasSecret, random.fork(`${to}`))),
      );
      for (const id of [0, 1])
        expect(cluster.controllers[id]!.isRunning, cluster.controllers[id]!.tail()).toBe(true);
      expect(Math.min(...refusals)).toBeGreaterThan(0);
      expect([0, 1].map((id) => cluster.controllers[id]!.pid)).toEqual(pids);
      for (const id of [0, 1]) {
        expect(residentBytes(cluster, id) - before[id]!).toBeLessThan(GROWTH_BYTES_MAX);
        expect(cluster.controllers[id]!.log().length).toBeLessThan(2_000);
      }
      await cluster.restart(CLAIMED);
      await expectIntact(cluster);
      for (const id of [0, 1, 2]) await cluster.kill(id);
      cluster.startAll();
      await cluster.ready();
      await expectIntact(cluster);
    },
  );
});

describe('a second process with an id that is in use', () => {
  it('is refused, named in the logs of both, does not disturb the first, and ends', async () => {
    const settings = { threshold: '3' };
    await using cluster = await startCluster({ level: 'linearizability', store: 'custom', settings });
    await store(cluster);
    await cluster.kill(CLAIMED);
    const secret = secretOf('insider');
    const first = await Promise.all([0, 1].map((to) => claim(cluster, to, 'linearizability', secret)));
    for (const peer of first) expect((await settled(peer)).events).toEqual(['welcome']);
    const alive = setInterval(() => {
      for (const peer of first) peer.send({ type: 'sync-next', exchange: 1 });
    }, 20);
    try {
      cluster.start(CLAIMED);
      await eventually(() => expect(cluster.controllers[CLAIMED]!.isRunning).toBe(false));
    } finally {
      clearInterval(alive);
    }
    const reason = 'controller 2 is connected already, as another process';
    expect(cluster.controllers[CLAIMED]!.tail()).toContain(
      `controller 2 (127.0.0.1:${cluster.ports[CLAIMED]}) ends: its peers say that ${reason}; stop that process`,
    );
    for (const id of [0, 1, 2]) await eventually(() => expect(log(cluster, id)).toContain(reason));
    expect(first.map(({ isUp }) => isUp)).toEqual([true, true]);
    for (const peer of first) peer.close();
    cluster.start(CLAIMED);
    await cluster.ready();
    await expectIntact(cluster);
  });
});
