import { POLICIES } from '../../consistency/policies.ts';
import type { PeerStatus, Status } from '../../controller/status/status.ts';
import { clockErrorOf, stateOf } from '../../controller/status/status-table.ts';
import { isLevel } from '../../placement/level.ts';
import type { ControllerAnswer } from './ask-cluster.ts';

/** `degraded`: clients are served, but not everything is as it should be. `unavailable`: they are not, not by anyone. */
export type ClusterState = 'healthy' | 'degraded' | 'unavailable';

/** What the answers of all controllers come to. */
export interface ClusterVerdict {
  readonly state: ClusterState;
  /** One sentence: how it is, and what it can still bear. */
  readonly summary: string;
  /** What is wrong with whom, a line each; empty when nothing is. */
  readonly notes: readonly string[];
}

interface Answered extends ControllerAnswer {
  readonly status: Status;
}

export function judge(answers: readonly ControllerAnswer[]): ClusterVerdict {
  const answered = answers.filter(hasStatus);
  const notes = [...answers.flatMap((answer) => notesOn(answer, answered)), ...differencesAmong(answered)];
  if (answered.length === 0)
    return { state: 'unavailable', summary: 'unavailable: no controller answers', notes };
  const trouble = unavailability(answered);
  if (trouble !== null) return { state: 'unavailable', summary: `unavailable: ${trouble}`, notes };
  const state = notes.length === 0 ? 'healthy' : 'degraded';
  return { state, summary: `${state}: ${partsTaken(answers.length, answered)}`, notes };
}

function hasStatus(answer: ControllerAnswer): answer is Answered {
  return answer.status !== null;
}

/** Null when somebody serves reads and somebody takes writes. */
function unavailability(answered: readonly Answered[]): string | null {
  const readers = answered.filter(({ status }) => status.reads.ready);
  const writers = answered.filter(({ status }) => status.writes.ready);
  if (readers.length > 0 && writers.length > 0) return null;
  if (readers.length > 0) {
    const where = readers.map(({ address }) => address).join(', ');
    return `reads only, at ${where}; no controller takes writes`;
  }
  return writers.length > 0 ? 'no controller serves reads' : 'no controller serves reads or writes';
}

/** `2 of 3 take part, no further failure is tolerated`. */
function partsTaken(controllers: number, answered: readonly Answered[]): string {
  const count = takingPart(answered).size;
  const { level } = answered[0]!.status;
  const isOrdered = isLevel(level) && POLICIES[level].engine === 'ordered';
  const spare = count - (isOrdered ? Math.floor(controllers / 2) + 1 : 1);
  const further = count === controllers ? '' : 'further ';
  const tolerated =
    spare <= 0
      ? `no ${further}failure is tolerated`
      : `${spare} ${further}${spare === 1 ? 'failure is' : 'failures are'} tolerated`;
  return `${count} of ${controllers} ${count === 1 ? 'takes' : 'take'} part, ${tolerated}`;
}

/** Those that a controller which takes part itself hears and counts in, it itself included; of the newest view. */
function takingPart(answered: readonly Answered[]): ReadonlySet<number> {
  const members = answered.filter(({ status }) => ownPart(status)?.role === 'member');
  const newest = members.reduce((most, { status }) => Math.max(most, viewNumber(status)), 0);
  const current = members.filter(({ status }) => viewNumber(status) === newest);
  return new Set(
    current.flatMap(({ status }) =>
      status.peers.filter(({ up, role }) => up && role === 'member').map(({ id }) => id),
    ),
  );
}

/** Of two views, the one with the larger number is the newer; 0 at levels without them. */
function viewNumber({ view }: Status): number {
  return Number(view.ballot.split('.')[0]);
}

function ownPart(status: Status): PeerStatus | undefined {
  return status.peers.find(({ self }) => self);
}

function notesOn(answer: ControllerAnswer, answered: readonly Answered[]): string[] {
  const { address } = answer;
  if (!hasStatus(answer)) return [`${address}: ${answer.reason}${heardBy(answer, answered)}`];
  const { status } = answer;
  const own = ownPart(status);
  const notes: string[] = [];
  if (!status.ready) notes.push(stateOf(status));
  else if (own !== undefined && own.role !== 'member') notes.push(own.role);
  if (!status.store.up && status.writes.reason !== `the store is down: ${status.store.reason}`)
    notes.push(`its store is down: ${status.store.reason}`);
  const clockError = clockErrorAmong(answer, answered);
  if (clockError !== null) notes.push(`its clock is ${clockError}`);
  if (status.controller !== answer.id) notes.push(`it is controller ${status.controller}, not ${answer.id}`);
  for (const peer of status.peers) {
    if (peer.role.startsWith('refused')) notes.push(`${peer.address} is ${peer.role}`);
    else if (!peer.up && answered.some(({ id }) => id === peer.id))
      notes.push(`does not hear ${peer.address}`);
  }
  return notes.map((note) => `${address}: ${note}`);
}

/** As it says itself; one that knows no cluster time is measured by the others. */
function clockErrorAmong({ id, status }: Answered, answered: readonly Answered[]): string | null {
  const told = [status, ...answered.map((other) => other.status)].flatMap(({ peers }) => peers[id] ?? []);
  const known = told.find(({ clockAheadMs }) => clockAheadMs !== null);
  return known === undefined ? null : clockErrorOf(known);
}

/** A controller that is only out of reach from here is not the one that is broken. */
function heardBy({ id }: ControllerAnswer, answered: readonly Answered[]): string {
  const hearers = answered.filter(({ status }) => status.peers[id]?.up === true);
  return hearers.length === 0
    ? ''
    : `, but ${hearers.map(({ address }) => address).join(', ')} ${hearers.length === 1 ? 'hears' : 'hear'} it`;
}

/** Controllers that do not belong together. */
function differencesAmong(answered: readonly Answered[]): string[] {
  const first = answered[0];
  if (first === undefined) return [];
  return answered.flatMap(({ address, status }) =>
    (['cluster', 'level'] as const)
      .filter((field) => status[field] !== first.status[field])
      .map((field) => `${address}: its ${field} is ${status[field]}, not ${first.status[field]}`),
  );
}
