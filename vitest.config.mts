import { defineConfig } from 'vitest/config';
import { withCodeCache } from './src/cli/locations.ts';

/** The processes that a test starts are as quick to start as those of a user. */
const env = withCodeCache({}) as Record<string, string>;

/** Only a test that hangs takes as long, in milliseconds: no verdict may depend on how fast the machine is. */
const LIMITS = { testTimeout: 600_000, hookTimeout: 600_000 };

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
          ...LIMITS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'sim',
          include: ['test_cases/sim/**/*.test.ts'],
          ...LIMITS,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'system',
          env: { ...env, TEST_CLUSTERS: 'patient' },
          include: ['test_cases/system/**/*.test.ts', 'test_cases/differential/**/*.test.ts'],
          maxWorkers: 2,
          ...LIMITS,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'failure',
          env,
          include: ['test_cases/failure/**/*.test.ts', 'test_cases/bench/**/*.test.ts'],
          fileParallelism: false,
          ...LIMITS,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
