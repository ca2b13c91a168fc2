import { describe } from 'vitest';
import { ALL_LEVELS, basicClusterTests } from '../support/basic-cluster-tests.ts';
import { succeeds } from '../support/programs.ts';
import { MEMCACHED_IMAGE } from '../support/store-process.ts';

/** No failure in CI where it is missing: a Docker engine is an offer, memcached itself is what has to be there. */
const hasDocker = succeeds('docker', ['info']);
const needed = hasDocker ? '' : ' (no Docker engine answers here)';

describe.skipIf(!hasDocker)(`with ${MEMCACHED_IMAGE} in containers${needed}`, () => {
  describe.each(ALL_LEVELS)('%s', (level) => {
    basicClusterTests(level, 'container');
  });
});
