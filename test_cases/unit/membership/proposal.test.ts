import { describe, expect, it } from 'vitest';
import { NO_BALLOT } from '../../../src/membership/ballot.ts';
import type { Promised, Retention } from '../../../src/membership/messages.ts';
import { leaseEndMs, leasesEndMs, newProposal } from '../../../src/membership/proposal.ts';
import { NO_VERSION } from '../../../src/ordering/version.ts';
import type { Configuration } from '../../../src/placement/configuration.ts';
import { withAdded, withVoters } from '../../../src/placement/member-changes.ts';
import { configurationOfSize } from '../../support/configurations.ts';

const LEASE_MS = 300;

/** A proposal of controller 0, to which these have promised at the time 0. */
function promisedBy(
  promises: Readonly<Record<number, Pick<Promised, 'leasesMs'> & { retention: Retention }>>,
) {
  const proposal = newProposal({ ballot: NO_BALLOT, reason: '', without: [], startedMs: 0, expected: [0] });
  for (const [from, { leasesMs, retention }] of Object.entries(promises)) {
    const acceptor = { promised: NO_BALLOT, accepted: NO_BALLOT, members: [], retention, incarnation: 1 };
    const rest = {
      ballot: NO_BALLOT,
      applied: NO_VERSION,
      hears: [],
      queue: [],
      partial: false,
      caughtUp: true,
    };
    const told = { journalFails: false, placement: null, configuration: null };
    proposal.promises.set(Number(from), { type: 'promised', ...rest, ...told, acceptor, leasesMs });
    proposal.promisedMs.set(Number(from), 0);
  }
  return proposal;
}

const JOINING = withAdded(configurationOfSize(3), { host: 'x', port: 1 }, 'joining') as Configuration;

describe('the lease of a controller that did not promise', () => {
  it('lasts as long as those tell that may have granted it', () => {
    const proposal = promisedBy({ 0: { leasesMs: [0, 0, 100], retention: 'intact' } });
    expect(leaseEndMs(proposal, 2, LEASE_MS)).toBeCloseTo(101);
  });

  it('was not granted by one that has accepted a view in this run, of a configuration without it', () => {
    const proposal = promisedBy({ 0: { leasesMs: [0, 0, 0], retention: 'intact' } });
    expect(leaseEndMs(proposal, 3, LEASE_MS)).toBe(0);
  });

  it('may have been granted by one that has lost its memory', () => {
    for (const retention of ['lost', 'recovered', 'complete', 'view-only'] as const) {
      const proposal = promisedBy({ 0: { leasesMs: [0, 0, 0], retention } });
      expect(leaseEndMs(proposal, 3, LEASE_MS)).toBeCloseTo(303);
    }
  });

  it('is not waited for while it joins: it holds none', () => {
    const lost = { leasesMs: [0, 0, 0], retention: 'lost' } as const;
    const proposal = promisedBy({ 0: lost, 1: lost, 2: lost });
    expect(leasesEndMs(proposal, JOINING, LEASE_MS)).toBe(0);
    expect(leasesEndMs(proposal, withVoters(JOINING, [3], []) as Configuration, LEASE_MS)).toBeCloseTo(303);
  });
});
