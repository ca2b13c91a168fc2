import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/invariant-error.ts';
import { OrderPhase } from '../../../src/replication/ordered/order-phase.ts';

/** A replica that has an earlier state, and serves in a view. */
function serving(): OrderPhase {
  const phase = new OrderPhase(false);
  phase.becomeAdopted(false);
  phase.becomeServing();
  return phase;
}

describe('the phase of a replica in the order', () => {
  it('begins with a state that reads may be answered from, unless there is none', () => {
    expect(new OrderPhase(false)).toMatchObject({ name: 'consistent', isConsistent: true });
    expect(new OrderPhase(true)).toMatchObject({ name: 'unordered', isConsistent: false });
  });

  it('goes from view to view, with a state that stays consistent', () => {
    const phase = serving();
    expect(phase).toMatchObject({ isServing: true, isConsistent: true, isAheadOfOrder: false });
    phase.becomeOutside();
    expect(phase).toMatchObject({ name: 'consistent', isServing: false });
    phase.becomeAdopted(false);
    expect(phase.isAheadOfOrder).toBe(false);
  });

  it('is ahead of the order with a copied state, until the union is applied', () => {
    const phase = new OrderPhase(false);
    phase.becomePartial();
    expect(phase).toMatchObject({ isPartial: true, isConsistent: false });
    phase.becomeAdopted(true);
    phase.becomeServing();
    expect(phase).toMatchObject({ isConsistent: true, isAheadOfOrder: true });
    phase.becomeInOrder();
    expect(phase.isAheadOfOrder).toBe(false);
  });

  it('answers no reads from a copied state whose view was never installed', () => {
    const phase = new OrderPhase(false);
    phase.becomePartial();
    phase.becomeAdopted(true);
    phase.becomeOutside();
    expect(phase).toMatchObject({ name: 'unordered', isConsistent: false, isPartial: false });
    phase.becomeAdopted(false);
    expect(phase.isAheadOfOrder).toBe(true);
  });

  it('stays partial when a promise ends the transfer', () => {
    const phase = new OrderPhase(true);
    phase.becomePartial();
    phase.becomeOutside();
    expect(phase.isPartial).toBe(true);
  });

  it.each<[string, (phase: OrderPhase) => void]>([
    ['a transfer into a state that serves', (phase) => phase.becomePartial()],
    ['a view that is accepted while another one is served', (phase) => phase.becomeAdopted(false)],
    ['a view that is installed twice', (phase) => phase.becomeServing()],
  ])('refuses %s', (_, become) => {
    expect(() => become(serving())).toThrow(InvariantError);
  });

  it('refuses a transfer into a state that a view was accepted with', () => {
    const phase = new OrderPhase(false);
    phase.becomeAdopted(false);
    expect(() => phase.becomePartial()).toThrow(InvariantError);
  });
});
