import { VERSION } from '../../controller/product.ts';
import { formatAddress } from '../settings/address.ts';
import { type DrillFindings, notesOn } from './drill-report.ts';
import { tallyOf } from './drill-tally.ts';

/** One object; fields are only ever added. */
export function findingsAsJson(findings: DrillFindings): string {
  const { plan, course, verdict } = findings;
  const { target, faults, forMs, clients, seed, prefix } = plan;
  const { reads, writes, errors, keys, sessions } = tallyOf(course.record.operations);
  return JSON.stringify(
    {
      version: VERSION,
      cluster: target.cluster,
      addresses: target.addresses.map(formatAddress),
      keyspace: target.keyspace,
      durability: target.durability,
      asked: { faults, forMs, clients, seed, prefix },
      tookMs: course.tookMs,
      trouble: course.trouble,
      steps: course.steps,
      faults: course.faults,
      seen: {
        reads,
        writes,
        errors: Object.fromEntries(errors),
        refusedConnections: Object.fromEntries(course.refusedConnections),
        keys,
        sessions,
      },
      verdict,
      notes: notesOn(findings),
    },
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );
}
