import { expect, it } from 'vitest';
import { HeldLease } from '../../../src/membership/lease.ts';
import { clockAt } from '../../support/ports.ts';

const BALLOT = { counter: 1, node: 0 };

it('a grant of a controller that does not vote gives no lease: a majority for another view can do without it', () => {
  const controller = (id: number) => ({ id, host: '127.0.0.1', port: 8000 + id });
  const voters = [0, 1, 2].map(controller);
  const configuration = {
    epoch: 1,
    nextId: 5,
    controllers: [...voters, { ...controller(4), phase: 'joining' }],
  };
  const lease = new HeldLease(
    { controllers: voters },
    clockAt(() => 0),
  );
  lease.reset(BALLOT, configuration as Parameters<HeldLease['reset']>[1]);
  lease.onGranted(4, BALLOT, 0, 300);
  expect(lease.holds).toBe(false);
  lease.onGranted(1, BALLOT, 0, 300);
  expect(lease.holds).toBe(true);
});
