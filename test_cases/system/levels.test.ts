import { describe } from 'vitest';
import { ALL_LEVELS, basicClusterTests } from '../support/basic-cluster-tests.ts';
import { describeWithMemcached } from '../support/memcached.ts';

describe.each(ALL_LEVELS)('%s with the embedded store', (level) => {
  basicClusterTests(level, 'custom');
});

describeWithMemcached('with memcached', () => {
  describe.each(ALL_LEVELS)('%s', (level) => {
    basicClusterTests(level, 'memcache');
  });
});
