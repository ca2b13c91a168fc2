import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { cutShort, flipBit, removeFile, replaceBy, tear } from '../support/damage.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';

/**
 * So many keys that the middle of the log lies before the flushed position: only what follows that position
 * may be torn.
 */
const KEYS = Array.from({ length: 4_000 }, (_, at) => `key-${at}`);

const PIPELINE = 50;

/** The longest time until the flushed position on disk covers the last write, in milliseconds. */
const FLUSHED_POSITION_MS = 500;

/**
 * Starts a cluster, waits until all keys are on disk everywhere, and kills controller 1 with its memcached.
 */
async function withKilledController(level: string): Promise<Cluster> {
  const cluster = await startCluster({ level });
  const client = await cluster.client(0);
  for (let at = 0; at < KEYS.length; at += PIPELINE) {
    const answers = KEYS.slice(at, at + PIPELINE).map((key) => client.set(key, `value of ${key}`));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['STORED']));
  }
  await new Promise((resolve) => setTimeout(resolve, FLUSHED_POSITION_MS));
  await cluster.kill(1);
  await cluster.memcached(1).kill();
  await cluster.memcached(1).start();
  return cluster;
}

const directoryOf = (cluster: Cluster, id: number) => join(cluster.dataDir, `controller-${id}`);

const setAside = (cluster: Cluster) =>
  readdirSync(cluster.dataDir).filter((name) => name.startsWith('controller-1.damaged-'));

async function expectAll(cluster: Cluster): Promise<void> {
  const client = await cluster.client(1);
  await eventually(async () => {
    for (let at = 0; at < KEYS.length; at += PIPELINE) {
      const keys = KEYS.slice(at, at + PIPELINE);
      const found = await client.findAll(keys);
      expect(keys.map((key) => found.get(key)?.value.toString())).toEqual(
        keys.map((key) => `value of ${key}`),
      );
    }
  });
}

const DAMAGES: readonly [level: string, what: string, damage: (directory: string) => void, reason: RegExp][] =
  [
    [
      'sequential',
      'a bit of the log is flipped',
      (directory) => flipBit(directory, 'log-'),
      /is damaged after \d+ bytes/,
    ],
    [
      'eventual',
      'the log is cut short',
      (directory) => cutShort(directory, 'log-'),
      /is damaged after \d+ bytes/,
    ],
    ['sequential', 'the log is missing', (directory) => removeFile(directory, 'log-'), /log-\S+ is missing/],
    [
      'eventual',
      'a bit of the identity is flipped',
      (directory) => flipBit(directory, 'identity'),
      /identity does not match/,
    ],
    [
      'sequential',
      'the identity is missing',
      (directory) => removeFile(directory, 'identity'),
      /the identity is missing/,
    ],
  ];

describeWithMemcached('the journal of a killed controller', () => {
  it.each(DAMAGES)(
    '%s: is set aside when %s, and the controller copies all keys from its peers',
    async (level, _, damage, reason) => {
      await using cluster = await withKilledController(level);
      damage(directoryOf(cluster, 1));
      await cluster.restart(1);
      expect(setAside(cluster)).toHaveLength(1);
      const lines = cluster.controllers[1]!.log().filter((line) =>
        line.includes('the journal is not usable'),
      );
      expect(lines).toEqual([expect.stringMatching(reason)]);
      await expectAll(cluster);
    },
  );

  it('is used up to the last whole batch when its end is torn', async () => {
    await using cluster = await withKilledController('eventual');
    tear(directoryOf(cluster, 1));
    await cluster.restart(1);
    expect(setAside(cluster)).toEqual([]);
    expect(cluster.controllers[1]!.log().join('\n')).toMatch(/journal recovered.*"tornBytes":25/);
    await expectAll(cluster);
  });

  it('is refused and left unchanged when it belongs to another controller', async () => {
    await using cluster = await withKilledController('sequential');
    replaceBy(directoryOf(cluster, 1), directoryOf(cluster, 0));
    cluster.start(1);
    await eventually(() => expect(cluster.controllers[1]!.isRunning).toBe(false));
    expect(cluster.controllers[1]!.tail()).toMatch(/belongs to controller 0, not 1: set that again/);
    expect(setAside(cluster)).toEqual([]);
  });
});
