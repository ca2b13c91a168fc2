import { describe, expect, it } from 'vitest';
import { Tickets } from '../../../src/replication/chain/tickets.ts';
import { setOf } from '../../support/effects.ts';

const ballot = (counter: number) => ({ counter, node: 0 });

describe('tickets', () => {
  const stampedAt = (time: number) => setOf('k', { time, node: 0 }, { value: Buffer.from('v') });
  const ticket = (number: number) => ({ node: 1, number, verdict: null });

  it('tell the version of a write until its controller knows the outcome', () => {
    const tickets = new Tickets();
    const members = [{ node: 1, incarnation: 1 }];
    tickets.begin(ballot(1), members, false);
    tickets.add(ticket(2), stampedAt(7));
    tickets.add(ticket(1), stampedAt(8));
    tickets.settle(1, 1);
    expect([tickets.stamped(1, 1), tickets.stamped(1, 2)?.version]).toEqual([
      undefined,
      { time: 7, node: 0 },
    ]);
    tickets.add(ticket(1), stampedAt(9));
    expect([tickets.size, tickets.settled(1)]).toEqual([1, 1]);
    tickets.settle(1, Number.MAX_SAFE_INTEGER);
    expect(tickets.size).toBe(0);
  });

  it('are forgotten with the run of the controller, and by one that does not know all of them', () => {
    const tickets = new Tickets();
    tickets.begin(ballot(1), [{ node: 1, incarnation: 1 }], false);
    tickets.add(ticket(5), stampedAt(7));
    tickets.begin(ballot(2), [{ node: 1, incarnation: 1 }], true);
    expect([tickets.size, tickets.isKnown(ballot(1))]).toEqual([1, true]);
    tickets.begin(ballot(3), [{ node: 1, incarnation: 2 }], true);
    expect(tickets.size).toBe(0);
    tickets.begin(ballot(4), [{ node: 1, incarnation: 2 }], false);
    expect([tickets.isKnown(ballot(3)), tickets.isKnown(ballot(4))]).toEqual([false, true]);
  });

  it('of an earlier run are not known, although its writes are', () => {
    const tickets = new Tickets();
    tickets.begin(ballot(3), [{ node: 1, incarnation: 1 }], true);
    expect([tickets.isKnown(ballot(2)), tickets.isKnown(ballot(3))]).toEqual([false, true]);
    tickets.begin(ballot(4), [{ node: 1, incarnation: 1 }], true);
    expect(tickets.isKnown(ballot(3))).toBe(true);
  });
});
