import { describe } from 'vitest';
import { ALL_WAYS, basicClusterTests } from '../support/basic-cluster-tests.ts';
import { describeWithMemcached } from '../support/memcached.ts';

describe.each(ALL_WAYS)('$name with the embedded store', (way) => {
  basicClusterTests(way, 'custom');
});

describeWithMemcached('with memcached', () => {
  describe.each(ALL_WAYS)('$name', (way) => {
    basicClusterTests(way, 'memcache');
  });
});
