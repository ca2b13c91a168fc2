import type { Participant } from '../participants/frames.ts';
import type { TracedMessage } from '../participants/trace-log.ts';

/** The lane of a participant, whichever life of it. */
export interface MessageLane {
  readonly kind: Participant['kind'];
  readonly id: number;
}

/** A message between two lanes. Times are milliseconds since the first message was sent. */
export interface LaneMessage {
  readonly from: number;
  readonly to: number;
  readonly sentMs: number;
  readonly arrivedMs: number;
  readonly text: string;
}

export interface MessageChart {
  readonly lanes: readonly MessageLane[];
  readonly messages: readonly LaneMessage[];
}

/** Clients first, as they ask; each kind in the order of ids. @param trace in the order of time */
export function chartOf(trace: readonly TracedMessage[]): MessageChart {
  const lanes = new Map<string, MessageLane>();
  for (const { kind, id } of trace.flatMap(({ from, to }) => [from, to]))
    lanes.set(nameOf({ kind, id }), { kind, id });
  const ordered = [...lanes.values()].sort((a, b) =>
    a.kind === b.kind ? a.id - b.id : a.kind === 'client' ? -1 : 1,
  );
  const placeOf = new Map(ordered.map((lane, place) => [nameOf(lane), place]));
  const startMs = Math.min(...trace.map(({ sentMs }) => sentMs));
  const messages = trace.map(({ from, to, sentMs, arrivedMs, text }) => ({
    from: placeOf.get(nameOf(from))!,
    to: placeOf.get(nameOf(to))!,
    sentMs: sentMs - startMs,
    arrivedMs: arrivedMs - startMs,
    text,
  }));
  return { lanes: ordered, messages };
}

function nameOf({ kind, id }: MessageLane): string {
  return `${kind} ${id}`;
}
