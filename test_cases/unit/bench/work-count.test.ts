import { describe, expect, it } from 'vitest';
import { excesses } from '../../../bench/work-count/table.ts';
import { socketCallsIn } from '../../../bench/work-count/trace.ts';

const EXPECTED = {
  originAllocatedBytes: 10_000,
  peersAllocatedBytes: 10_000,
  bytesBetweenControllers: 600,
  originSocketReads: 4,
  originSocketWrites: 4,
  framesBetweenControllers: 6,
};

describe('the guard of work per operation', () => {
  it('accepts the figures of the table, and the share of a heartbeat', () => {
    expect(excesses(EXPECTED, EXPECTED)).toEqual([]);
    expect(excesses({ originSocketWrites: 4.05, framesBetweenControllers: 6.1 }, EXPECTED)).toEqual([]);
  });

  it.each([
    ['originSocketReads', 5],
    ['originSocketWrites', 5],
    ['framesBetweenControllers', 7],
    ['bytesBetweenControllers', 700],
    ['originAllocatedBytes', 14_000],
  ])('refuses %s of %d', (name, value) => {
    expect(excesses({ [name]: value }, EXPECTED)).toHaveLength(1);
  });
});

describe('the reader of traces', () => {
  it('counts calls on sockets, and distinguishes controllers from the client and the store', () => {
    const trace = [
      'read(35<TCP:[127.0.0.1:43545->127.0.0.1:56394]>, ""..., 65536) = 7',
      'write(22<TCP:[127.0.0.1:44624->127.0.0.1:36759]>, ""..., 24) = 24',
      'write(27<TCP:[127.0.0.1:43545->127.0.0.1:56302]>, ""..., 194) = 194',
      'writev(26<TCP:[127.0.0.1:43545->127.0.0.1:55914]>, [...], 2) = 194',
      'write(35<TCP:[127.0.0.1:43545->127.0.0.1:56394]>, ""..., 8) = 8',
      'write(12<anon_inode:[eventfd]>, ""..., 8) = 8',
      'strace: Process 7 detached',
    ].join('\n');
    expect(socketCallsIn(trace, new Set([56394, 36759]))).toEqual({ reads: 1, writes: 4, peerWrites: 2 });
  });
});
