import { defineConfig } from 'vitest/config';
import { withCodeCache } from './src/cli/locations.ts';

/** The processes that a test starts are as quick to start as those of a user. */
const env = withCodeCache({}) as Record<string, string>;

/**
 * Four projects: `fast` shares nothing and runs in parallel, `sim` simulates whole clusters, and uses all cores by
 * itself, `system` starts real processes that mostly wait for each other, two files at a time, and `failure` has
 * the machine to itself, since clusters are broken there, and work is counted.
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
          testTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'sim',
          include: ['test_cases/sim/**/*.test.ts'],
          testTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'system',
          env: { ...env, TEST_CLUSTERS: 'patient' },
          include: ['test_cases/system/**/*.test.ts', 'test_cases/differential/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'failure',
          env,
          include: ['test_cases/failure/**/*.test.ts', 'test_cases/bench/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
