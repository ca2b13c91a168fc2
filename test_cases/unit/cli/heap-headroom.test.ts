import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { growingPercentFor, HEADROOM_BYTES } from '../../../src/cli/process/heap-headroom.ts';

const HEAP_HEADROOM = join(import.meta.dirname, '../../../src/cli/process/heap-headroom.ts');

it('a small heap may grow by the headroom, and by no more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000_000, max: HEADROOM_BYTES - 1 }), (bytes) => {
      const growth = (bytes * growingPercentFor(bytes)) / 100;
      expect(growth).toBeGreaterThan(HEADROOM_BYTES / 2);
      expect(growth).toBeLessThanOrEqual(HEADROOM_BYTES);
    }),
  );
});

it('the growth of a large heap is left to V8', () => {
  expect(growingPercentFor(HEADROOM_BYTES)).toBe(0);
  expect(growingPercentFor(20 * HEADROOM_BYTES)).toBe(0);
});

it('V8 knows the flag that sets the headroom: it prints an error for an unknown one', () => {
  const script = `import { keepHeapHeadroom } from '${HEAP_HEADROOM}'; keepHeapHeadroom()();`;
  const words = ['--input-type=module', '--eval', script];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
