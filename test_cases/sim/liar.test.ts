import { describe, expect, it } from 'vitest';
import { FrameError } from '../../src/base/byte-writer.ts';
import { msOfVersionTime } from '../../src/ordering/version.ts';
import { decodeMessages } from '../../src/peer/codec.ts';
import type { PeerMessage } from '../../src/peer/messages.ts';
import type { Level } from '../../src/placement/level.ts';
import { PeerMutation } from '../support/peer-mutation.ts';
import { ask, read, set } from './ask.ts';
import { Random } from './random.ts';
import { SimCluster } from './sim-cluster.ts';
import { Transcript } from './transcript.ts';

/** The id that the liar uses. The controller that really has it is dead meanwhile. */
const LIAR = 2;
const HONEST = [0, 1];

const PAYLOADS = 1_500;
const GOOD = ['one', 'two', 'three'];

/** Passes every message on to a listener that wants to imitate it. */
class Overheard extends Transcript {
  readonly #hear: (message: PeerMessage) => void;

  constructor(cluster: SimCluster, hear: (message: PeerMessage) => void) {
    super(cluster.scheduler, { arrivals: true });
    this.#hear = hear;
  }

  override line(): void {}

  override sent(_from: number, _to: number, _number: number, _group: number, message: PeerMessage): void {
    this.#hear(message);
  }
}

async function startWithGoodKeys(seed: number, level: Level): Promise<SimCluster> {
  const cluster = new SimCluster({ seed, level, settings: { durability: 'async' } });
  await cluster.start();
  await Promise.all(GOOD.map((key) => ask(cluster, 0, set(key, `good ${key}`))));
  await cluster.run(2_000);
  return cluster;
}

/** Records real messages about other keys, with a controller that dies and comes back. */
async function overhear(cluster: SimCluster, mutation: PeerMutation): Promise<void> {
  cluster.transcript = new Overheard(cluster, (message) => mutation.learn(message));
  for (let i = 0; i < 10; i++) await ask(cluster, i % 3, set(`bait ${i}`, 'x'.repeat(i * 10)));
  cluster.kill(cluster.nodes[LIAR]!);
  await cluster.run(1_500);
  cluster.nodes[LIAR]!.start();
  await cluster.runUntilReady();
  await cluster.run(2_000);
  cluster.transcript = null;
}

/** Delivers a payload as a link does: all messages up to the first that cannot be decoded. */
function deliver(cluster: SimCluster, to: number, payload: Buffer): void {
  const node = cluster.nodes[to]!;
  const refusals = node.refusals;
  try {
    decodeMessages(payload, (group, message) => {
      if (node.refusals === refusals) node.links.onMessage(LIAR, group, message);
    });
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
  if (node.refusals === refusals) return;
  node.links.onPeerDown(LIAR);
  node.links.onPeerUp(LIAR);
}

async function lie(cluster: SimCluster, mutation: PeerMutation, random: Random): Promise<void> {
  cluster.kill(cluster.nodes[LIAR]!);
  await cluster.run(1_000);
  for (const id of HONEST) {
    cluster.nodes[id]!.isLiedTo = true;
    cluster.nodes[id]!.links.onPeerUp(LIAR);
  }
  for (let i = 0; i < PAYLOADS; i++) {
    deliver(cluster, random.pick(HONEST), mutation.next());
    if (i % 20 === 0) await cluster.run(random.between(1, 60));
  }
  for (const id of HONEST) cluster.nodes[id]!.links.onPeerDown(LIAR);
}

/** The liar is a member of the view, and sends the right messages as well. */
async function lieAsMember(cluster: SimCluster, mutation: PeerMutation, random: Random): Promise<void> {
  cluster.transcript = new Overheard(cluster, (message) => mutation.learn(message));
  for (const node of cluster.nodes) node.isLiedTo = true;
  for (let i = 0; i < PAYLOADS; i++) {
    deliver(cluster, random.pick(HONEST), mutation.next());
    if (i % 50 === 0) cluster.nodes[i % 3]!.connect().submit(set(`bait ${i % 7}`, `${i}`), () => {});
    if (i % 10 === 0) await cluster.run(random.between(1, 20));
  }
  cluster.transcript = null;
}

async function expectGoodEverywhere(cluster: SimCluster): Promise<void> {
  for (const { id, core } of cluster.nodes) {
    for (const key of GOOD) expect(await read(cluster, id, key), `${key} at ${id}`).toBe(`good ${key}`);
    const { versions, cluster: time } = core!.time;
    expect(msOfVersionTime(versions.latest) - time.nowMs()).toBeLessThan(60_000);
  }
}

describe.each<Level>(['linearizability', 'eventual'])('a peer that sends anything, at %s', (level) => {
  it.each([1, 2, 3, 4])('does no lasting damage (seed %d)', async (seed) => {
    const random = new Random(seed);
    const mutation = new PeerMutation(random.fork('mutation'));
    const cluster = await startWithGoodKeys(seed, level);
    await overhear(cluster, mutation);
    await lie(cluster, mutation, random.fork('lies'));
    expect(cluster.nodes[0]!.refusals).toBeGreaterThan(0);
    cluster.nodes[LIAR]!.start();
    await cluster.runUntilReady();
    await ask(cluster, 1, set('after', 'it goes on'));
    await cluster.run(3_000);
    expect(await read(cluster, 0, 'after')).toBe('it goes on');
    await expectGoodEverywhere(cluster);
    cluster.kill(...cluster.nodes);
    for (const node of cluster.nodes) node.start();
    await cluster.runUntilReady();
    await expectGoodEverywhere(cluster);
  });

  it.each([1, 2, 3, 4])('ends no other controller, even as a member of the view (seed %d)', async (seed) => {
    const random = new Random(seed);
    const mutation = new PeerMutation(random.fork('mutation'));
    const cluster = await startWithGoodKeys(seed, level);
    await overhear(cluster, mutation);
    await lieAsMember(cluster, mutation, random.fork('lies'));
    expect(cluster.nodes[0]!.refusals).toBeGreaterThan(0);
    cluster.kill(...cluster.nodes);
    for (const node of cluster.nodes) node.start();
    await cluster.runUntilReady();
    await ask(cluster, 1, set('after', 'it goes on'));
    await expectGoodEverywhere(cluster);
  });
});
