import { describe } from 'vitest';
import { ALL_LEVELS, basicClusterTests } from '../support/basic-cluster-tests.ts';
import { succeeds } from '../support/programs.ts';
import { MEMCACHED_IMAGE } from '../support/store-process.ts';

/**
 * These tests are skipped without a Docker engine, in CI too: Docker is optional, and only memcached itself
 * is required there.
 */
const hasDocker = succeeds('docker', ['info']);
const needed = hasDocker ? '' : ' (no Docker engine answers here)';

describe.skipIf(!hasDocker)(`with ${MEMCACHED_IMAGE} in containers${needed}`, () => {
  describe.each(ALL_LEVELS)('%s', (level) => {
    basicClusterTests(level, 'container');
  });
});
