import { type LaneChart, lanesOf } from '../levels/lanes.ts';
import type { RecordedRequest } from '../levels/recording.ts';
import type { DrillOperation } from './drill-record.ts';

/** The chart of the few operations that show what is wrong: a lane for each client. */
export function proofChart(proof: readonly DrillOperation[], prefix: string): LaneChart {
  const startMs = Math.min(...proof.map(({ sentMs }) => sentMs));
  const clients = [...new Set(proof.map(({ client }) => client))];
  return {
    lanes: clients.map((client) => ({ name: laneName(client), heading: headingOf(client, proof) })),
    requests: proof.map((operation) => requestOf(operation, proof, prefix, startMs)),
    rules: [],
  };
}

/** The same as text. */
export function proofLanes(proof: readonly DrillOperation[], prefix: string, width: number): string[] {
  return lanesOf(proofChart(proof, prefix), width);
}

function laneName(client: number): string {
  return `c${client}`;
}

function headingOf(client: number, proof: readonly DrillOperation[]): string {
  const own = proof.filter((operation) => operation.client === client);
  return `c${client}, at ${[...new Set(own.map(({ controller }) => controller))].join(', ')}`;
}

function requestOf(
  operation: DrillOperation,
  proof: readonly DrillOperation[],
  prefix: string,
  startMs: number,
): RecordedRequest {
  const { client, kind, key, value, sentMs, endedMs, outcome } = operation;
  const overlaps = proof.some((other) => other.sentMs > sentMs && other.sentMs < endedMs);
  const answer = { answered: null, unknown: 'no answer', failed: 'refused' }[outcome];
  return {
    client: laneName(client),
    key: key.replace(prefix, ''),
    kind,
    value,
    sentMs: sentMs - startMs,
    answeredMs: endedMs - startMs,
    hadToWait: overlaps,
    ...(answer === null ? {} : { answer }),
  };
}
