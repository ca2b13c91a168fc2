import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { cutShort, flipBit, removeFile, replaceBy, tear } from '../support/damage.ts';
import { eventually } from '../support/eventually.ts';
import { describeWithMemcached } from '../support/memcached.ts';

/** So many that the middle of the log is known to have been on disk: what is not may be torn. */
const KEYS = Array.from({ length: 4_000 }, (_, at) => `key-${at}`);

const PIPELINE = 50;

/** How long it takes at the most until it is noted how far the log is on disk, in milliseconds. */
const NOTED_MS = 500;

/** Everything is written and on disk, and controller 1 is killed with its memcached. */
async function withDead(level: string): Promise<Cluster> {
  const cluster = await startCluster({ level });
  const client = await cluster.client(0);
  for (let at = 0; at < KEYS.length; at += PIPELINE) {
    const answers = KEYS.slice(at, at + PIPELINE).map((key) => client.set(key, `value of ${key}`));
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['STORED']));
  }
  await new Promise((resolve) => setTimeout(resolve, NOTED_MS));
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

describeWithMemcached('the journal of a controller that was killed', () => {
  it.each(DAMAGES)(
    '%s: is set aside when %s, and all is taken from the peers',
    async (level, _, damage, reason) => {
      await using cluster = await withDead(level);
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

  it('is used when its last write is torn, without that', async () => {
    await using cluster = await withDead('eventual');
    tear(directoryOf(cluster, 1));
    await cluster.restart(1);
    expect(setAside(cluster)).toEqual([]);
    expect(cluster.controllers[1]!.log().join('\n')).toMatch(/journal recovered.*"tornBytes":25/);
    await expectAll(cluster);
  });

  it('is refused when it is another controller’s, and nothing is changed', async () => {
    await using cluster = await withDead('sequential');
    replaceBy(directoryOf(cluster, 1), directoryOf(cluster, 0));
    cluster.start(1);
    await eventually(() => expect(cluster.controllers[1]!.isRunning).toBe(false));
    expect(cluster.controllers[1]!.tail()).toMatch(/belongs to controller 0, not 1: set that again/);
    expect(setAside(cluster)).toEqual([]);
  });
});
