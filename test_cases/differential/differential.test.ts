import { afterAll, beforeAll, describe, it } from 'vitest';
import { LEVELS } from '../../src/placement/level.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { describeWithMemcached, type Memcached } from '../support/memcached.ts';
import { BINARY } from './binary-dialect.ts';
import { runBudget } from './budget.ts';
import { startReference } from './reference.ts';
import { META, TEXT } from './text-dialect.ts';

/** Along a chain a controller in the middle is asked: its head decides the conditions. */
const SUBJECTS = [
  ...LEVELS.map((level) => ({ name: level as string, level, settings: {}, asked: 0 })),
  {
    name: 'linearizability along a chain',
    level: 'linearizability',
    settings: { scheme: 'chain' },
    asked: 1,
  },
];

const DIALECTS = [TEXT, META, BINARY];

describeWithMemcached('a controller answers as memcached does, byte for byte', () => {
  let memcached: Memcached;

  beforeAll(async () => {
    memcached = await startReference();
  });
  afterAll(() => memcached?.kill());

  describe.each(SUBJECTS)('at $name', ({ name: at, level, settings, asked }) => {
    let cluster: Cluster;

    beforeAll(async () => {
      cluster = await startCluster({ level, settings });
    });
    afterAll(() => cluster?.stop());

    it.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))('%s', async (name, dialect) => {
      const pair = { dialect, referencePort: memcached.port, subjectPort: cluster.ports[asked]! };
      const { streams, commands, firstSeed } = await runBudget(pair, `${name} at ${at}`);
      console.log(
        `${name} at ${at}: ${commands} commands in ${streams} streams from seed ${firstSeed}, no difference`,
      );
    });
  });
});
