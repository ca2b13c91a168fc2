import { afterAll, beforeAll, describe, it } from 'vitest';
import { LEVELS } from '../../src/placement/level.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { describeWithMemcached, type Memcached } from '../support/memcached.ts';
import { BINARY } from './binary-dialect.ts';
import { runBudget } from './budget.ts';
import { startReference } from './reference.ts';
import { META, TEXT } from './text-dialect.ts';

const DIALECTS = [TEXT, META, BINARY];

describeWithMemcached('a controller answers as memcached does, byte for byte', () => {
  let memcached: Memcached;

  beforeAll(async () => {
    memcached = await startReference();
  });
  afterAll(() => memcached?.kill());

  /** With two shards on two controllers, every other key is a hop away. */
  const subjects = [
    ...LEVELS.map((level) => ({ at: level, options: { level } })),
    {
      at: 'eventual with shards',
      options: { level: 'eventual', controllers: 2, settings: { shards: '2', replicas: '1' } },
    },
  ] as const;

  describe.each(subjects)('at $at', ({ at, options }) => {
    let cluster: Cluster;

    beforeAll(async () => {
      cluster = await startCluster(options);
    });
    afterAll(() => cluster?.stop());

    it.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))('%s', async (name, dialect) => {
      const pair = { dialect, referencePort: memcached.port, subjectPort: cluster.ports[0]! };
      const { streams, commands, firstSeed } = await runBudget(pair, `${name} at ${at}`);
      console.log(
        `${name} at ${at}: ${commands} commands in ${streams} streams from seed ${firstSeed}, no difference`,
      );
    });
  });
});
