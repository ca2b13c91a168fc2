import { expect, it } from 'vitest';
import { releaseStartMemory } from '../../../src/cli/process/start-memory.ts';

it('releaseStartMemory gives unused memory back to the system', () => {
  let used = Array.from({ length: 2_000_000 }, (_, index) => ({ index }));
  expect(used.length).toBe(2_000_000);
  const before = process.memoryUsage().heapTotal;
  used = [];
  releaseStartMemory();
  expect(process.memoryUsage().heapTotal).toBeLessThan(before - 40_000_000);
});
