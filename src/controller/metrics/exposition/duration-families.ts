import { DurationHistogram } from '../../../base/duration-histogram.ts';
import type { ControllerParts } from '../../controller-parts.ts';
import { type Family, NO_LABELS } from './family.ts';

/** How long things take. */
export const DURATION_FAMILIES: readonly Family[] = [
  {
    name: 'memchorus_request_duration_seconds',
    type: 'histogram',
    help: 'Time from the arrival of a request until its reply is handed to the socket, by command and level.',
    read: ({ parts }) =>
      parts.core.coordinator.times.byCommand.map(({ command, level, durations }) => ({
        labels: { command, level: level ?? 'none' },
        durations,
      })),
  },
  {
    name: 'memchorus_hop_duration_seconds',
    type: 'histogram',
    help: 'Time until another controller has answered a request for a shard that is not here, by keyspace.',
    read: ({ parts }) =>
      [...parts.core.serving.hop.times].map(([keyspace, durations]) => ({
        labels: { keyspace },
        durations,
      })),
  },
  family(
    'memchorus_request_wait_seconds',
    'Time before a request that touches entries is started: behind earlier requests, or at a gate.',
    ({ core }) => [core.coordinator.times.waits],
  ),
  family(
    'memchorus_agreement_duration_seconds',
    'Time until a write of a client of this controller is agreed, where its keyspace is ordered.',
    ({ core }) => [core.coordinator.times.agreements],
  ),
  family(
    'memchorus_view_gap_seconds',
    'Time without a view, from the end of one to the installation of the next.',
    ({ core }) => core.groups.all.flatMap(({ scheme }) => scheme.views?.times.gaps ?? []),
  ),
  family(
    'memchorus_exchange_duration_seconds',
    'Time of an exchange with a peer that this controller has started and that has completed.',
    ({ core }) => core.groups.withEntries.map(({ scheme }) => scheme.exchange.durations),
  ),
  family('memchorus_refill_duration_seconds', 'Time in which the store was filled again.', ({ core }) =>
    core.groups.withEntries.map(({ recovery }) => recovery.refillDurations),
  ),
  family(
    'memchorus_journal_flush_duration_seconds',
    'Time to write and to flush what the journal has gathered.',
    ({ storage }) => storage.flushes,
  ),
  family(
    'memchorus_event_loop_delay_seconds',
    'How late the event loop comes to what is due, looked at every 20 milliseconds.',
    ({ core }) => [core.eventLoopDelays],
  ),
];

/** @param read several are added up; where there are none, the family is left out */
function family(
  name: string,
  help: string,
  read: (parts: ControllerParts) => readonly DurationHistogram[],
): Family {
  return {
    name,
    type: 'histogram',
    help,
    read: ({ parts }) => {
      const all = read(parts);
      return all.length === 0 ? [] : [{ labels: NO_LABELS, durations: sumOf(all) }];
    },
  };
}

function sumOf(all: readonly DurationHistogram[]): DurationHistogram {
  if (all.length === 1) return all[0]!;
  const sum = new DurationHistogram();
  for (const one of all) sum.add(one);
  return sum;
}
