import { defineConfig } from 'vitest/config';

/**
 * Three projects: `fast` shares nothing and runs in parallel, `sim` simulates whole clusters, and uses all cores by
 * itself, `system` starts real processes one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test_cases/unit/**/*.test.ts', 'test_cases/property/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'sim',
          include: ['test_cases/sim/**/*.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test_cases/system/**/*.test.ts', 'test_cases/differential/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
