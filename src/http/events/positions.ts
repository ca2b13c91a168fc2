import type { ControllerId } from '../../base/number-kinds.ts';
import { HttpProblem } from '../problems.ts';

/** The last event of one controller that a reader has got. */
export interface Position {
  readonly run: string;
  readonly number: number;
}

/** How far a reader has got in the log of each controller: the `id` of an event, and the header `Last-Event-ID`. */
export type Positions = ReadonlyMap<ControllerId, Position>;

/** What an id may have at most: one part for each controller that there can be. */
const PARTS_MAX = 256;

const PART = /^(\d{1,3})\.([0-9a-z]{1,16})\.(\d{1,15})$/;

export function idOf(positions: Positions): string {
  return Array.from(positions, ([controller, { run, number }]) => `${controller}.${run}.${number}`).join(',');
}

/** @param id empty when the reader has got nothing yet @throws HttpProblem */
export function positionsIn(id: string): Map<ControllerId, Position> {
  if (id === '') return new Map();
  const parts = id.split(',', PARTS_MAX + 1).map((part) => PART.exec(part));
  if (parts.length > PARTS_MAX || parts.includes(null))
    throw new HttpProblem('MALFORMED', 'Last-Event-ID is not the id of an event of this cluster');
  return new Map(parts.map((part) => [Number(part![1]), { run: part![2]!, number: Number(part![3]) }]));
}
