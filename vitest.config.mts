import { defineConfig } from 'vitest/config';
import { withCodeCache } from './src/cli/locations.ts';

/** The processes that a test starts are as quick to start as those of a user. */
const env = withCodeCache({}) as Record<string, string>;

/** Only a test that hangs takes as long, in milliseconds: no verdict may depend on how fast the machine is. */
const LIMITS = { testTimeout: 600_000, hookTimeout: 600_000 };

/**
 * In CI, a test with real processes that fails is run once more, because a shared machine now and then stands still for
 * longer than a test can allow for. The report says `retry x1` beside it: such a test has to be looked at. Elsewhere,
 * and in all other tests, the first failure counts.
 */
const REAL_PROCESSES = { ...LIMITS, retry: process.env.CI === undefined ? 0 : 1 };

/**
 * The tests that take longest: attacks that go on for a while, and what is done to a whole cluster by hand. They run by
 * `npm run test:long`, so that `npm test` stays short enough to be run before every commit.
 */
const LONG_ALONE = [
  'test_cases/failure/chain.test.ts',
  'test_cases/failure/cluster-status.test.ts',
  'test_cases/failure/controller-failure.test.ts',
  'test_cases/failure/drill.test.ts',
  'test_cases/failure/followers.test.ts',
  'test_cases/failure/growing-followers.test.ts',
  'test_cases/failure/http.test.ts',
  'test_cases/failure/joined-controllers.test.ts',
  'test_cases/failure/keyspace-changes.test.ts',
  'test_cases/failure/level-moves.test.ts',
  'test_cases/failure/long-absence.test.ts',
  'test_cases/failure/minikv-chain.test.ts',
  'test_cases/failure/minikv-load.test.ts',
  'test_cases/failure/minikv-places.test.ts',
  'test_cases/failure/partition.test.ts',
  'test_cases/failure/recorded-failure.test.ts',
  'test_cases/failure/replaced-controllers.test.ts',
  'test_cases/failure/reshard.test.ts',
  'test_cases/failure/rolling-restart.test.ts',
  'test_cases/failure/session-kills.test.ts',
  'test_cases/failure/small-disk.test.ts',
  'test_cases/failure/store-failure.test.ts',
  'test_cases/failure/store-refill.test.ts',
  'test_cases/failure/upgrade.test.ts',
];

/** Those of them whose processes mostly wait for each other. */
const LONG_IN_PAIRS = [
  'test_cases/failure/damaged-journal.test.ts',
  'test_cases/failure/documented-screens.test.ts',
  'test_cases/failure/durability.test.ts',
  'test_cases/failure/grown-cluster.test.ts',
  'test_cases/failure/old-disks.test.ts',
  'test_cases/failure/rebase-clock.test.ts',
  'test_cases/failure/sharded-shards.test.ts',
  'test_cases/failure/view-change-replica-shards.test.ts',
  'test_cases/failure/view-change-replicas.test.ts',
  'test_cases/failure/view-changes.test.ts',
  'test_cases/failure/wrong-clock.test.ts',
  'test_cases/system/cluster-backup.test.ts',
  'test_cases/system/dashboard.test.ts',
  'test_cases/system/docker.test.ts',
  'test_cases/system/hostile-peer.test.ts',
  'test_cases/system/lab-processes.test.ts',
  'test_cases/system/levels-shown.test.ts',
  'test_cases/system/members.test.ts',
  'test_cases/system/minikv.test.ts',
  'test_cases/system/repair.test.ts',
  'test_cases/system/shards.test.ts',
];

const LONG = [...LONG_ALONE, ...LONG_IN_PAIRS];

/**
 * Six projects: `fast` has no processes to share the machine with and runs in parallel, so does `sim`, which simulates
 * whole clusters. In both, a worker loads each module once for all of its files (`isolate`), which halves their CPU:
 * modules have no state, so no file can tell. `system` starts real processes that mostly wait for each other, two files
 * at a time, and `failure` has the machine to itself, since clusters are broken there, and work is counted. So has
 * `long`, while `pairs` runs two files at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          env,
          include: ['test_cases/unit/**/*.test.ts', 'test_cases/property/**/*.test.ts'],
          maxWorkers: 2,
          isolate: false,
          ...LIMITS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'sim',
          include: ['test_cases/sim/**/*.test.ts'],
          maxWorkers: 2,
          isolate: false,
          ...LIMITS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'system',
          env: { ...env, TEST_CLUSTERS: 'patient' },
          include: ['test_cases/system/**/*.test.ts', 'test_cases/differential/**/*.test.ts'],
          exclude: LONG,
          maxWorkers: 2,
          ...REAL_PROCESSES,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'failure',
          env,
          include: ['test_cases/failure/**/*.test.ts', 'test_cases/bench/**/*.test.ts'],
          exclude: LONG,
          fileParallelism: false,
          ...REAL_PROCESSES,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'long',
          env,
          include: LONG_ALONE,
          fileParallelism: false,
          ...REAL_PROCESSES,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: 'pairs',
          env: { ...env, TEST_CLUSTERS: 'patient' },
          include: LONG_IN_PAIRS,
          maxWorkers: 2,
          ...REAL_PROCESSES,
          sequence: { groupOrder: 6 },
        },
      },
    ],
  },
});
