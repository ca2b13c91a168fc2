import { isOrdered } from '../../consistency/policies.ts';
import { DOES_NOT_VOTE } from '../../controller/roles.ts';
import type { PeerStatus, Status } from '../../controller/status/status.ts';
import { clockErrorOf, stateOf } from '../../controller/status/status-table.ts';
import { isLevel } from '../../placement/level.ts';
import type { ControllerAnswer } from './ask-cluster.ts';

/**
 * `degraded`: clients are served, but something is wrong. `unavailable`: no controller serves reads, or none
 * serves writes.
 */
export type ClusterState = 'healthy' | 'degraded' | 'unavailable';

/** The state of the cluster that follows from the answers of all controllers. */
export interface ClusterVerdict {
  readonly state: ClusterState;
  /** One sentence: the state, and how many further failures are tolerated. */
  readonly summary: string;
  /** What is wrong, and where, a line each; empty when everything is right. */
  readonly notes: readonly string[];
}

interface Answered extends ControllerAnswer {
  readonly status: Status;
}

export function judge(answers: readonly ControllerAnswer[]): ClusterVerdict {
  const outside = answers.filter(hasStatus).flatMap(nonVotersIn);
  return judgeVoters(
    answers.filter(({ id }) => !outside.includes(id)),
    new Set(outside).size,
  );
}

/** The ids of the controllers that do not vote, as a controller that serves knows them. */
function nonVotersIn({ status }: Answered): readonly number[] {
  if (ownPart(status)?.role !== 'member') return [];
  return status.peers.filter(({ role }) => role === DOES_NOT_VOTE).map(({ id }) => id);
}

/** @param nonVoters how many controllers are not expected to take part, or even to run */
function judgeVoters(answers: readonly ControllerAnswer[], nonVoters: number): ClusterVerdict {
  const answered = answers.filter(hasStatus);
  const notes = [...answers.flatMap((answer) => notesOn(answer, answered)), ...differencesAmong(answered)];
  if (answered.length === 0)
    return { state: 'unavailable', summary: 'unavailable: no controller answers', notes };
  const trouble = unavailability(answered);
  if (trouble !== null) return { state: 'unavailable', summary: `unavailable: ${trouble}`, notes };
  const state = notes.length === 0 ? 'healthy' : 'degraded';
  const beside = nonVoters === 0 ? '' : `, ${nonVoters} ${nonVoters === 1 ? 'does' : 'do'} not vote`;
  return { state, summary: `${state}: ${partsTaken(answers.length, answered)}${beside}`, notes };
}

function hasStatus(answer: ControllerAnswer): answer is Answered {
  return answer.status !== null;
}

/** Why clients are not served; null when at least one controller serves reads and one serves writes. */
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

/** Such as `2 of 3 take part, no further failure is tolerated`. */
function partsTaken(controllers: number, answered: readonly Answered[]): string {
  const count = takingPart(answered).size;
  const { level, keyspaces } = answered[0]!.status;
  const hasViews = [level, ...keyspaces.map((one) => one.level)].some(
    (word) => isLevel(word) && isOrdered(word),
  );
  const spare = count - (hasViews ? Math.floor(controllers / 2) + 1 : 1);
  const further = count === controllers ? '' : 'further ';
  const tolerated =
    spare <= 0
      ? `no ${further}failure is tolerated`
      : `${spare} ${further}${spare === 1 ? 'failure is' : 'failures are'} tolerated`;
  return `${count} of ${controllers} ${count === 1 ? 'takes' : 'take'} part, ${tolerated}`;
}

/**
 * The controllers that take part in the newest view: a member of it, and the peers that this member hears and
 * counts as members.
 */
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

/**
 * The number of the view: of two views, the one with the larger number is the newer. 0 at levels without
 * views.
 */
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
    else if (peer.up === false && answered.some(({ id }) => id === peer.id))
      notes.push(`does not hear ${peer.address}`);
  }
  return notes.map((note) => `${address}: ${note}`);
}

/**
 * The error of a clock, as the controller itself reports it. If the controller knows no cluster time, the
 * other controllers report it.
 */
function clockErrorAmong({ id, status }: Answered, answered: readonly Answered[]): string | null {
  const told = [status, ...answered.map((other) => other.status)].flatMap(({ peers }) =>
    peers.filter((peer) => peer.id === id),
  );
  const known = told.find(({ clockAheadMs }) => clockAheadMs !== null);
  return known === undefined ? null : clockErrorOf(known);
}

/**
 * The controllers that hear this one: if there are any, it is only out of reach from here, and not broken.
 */
function heardBy({ id }: ControllerAnswer, answered: readonly Answered[]): string {
  const hearers = answered.filter(({ status }) =>
    status.peers.some((peer) => peer.id === id && peer.up === true),
  );
  return hearers.length === 0
    ? ''
    : `, but ${hearers.map(({ address }) => address).join(', ')} ${hearers.length === 1 ? 'hears' : 'hear'} it`;
}

/** Notes on controllers whose settings do not belong to one cluster. */
function differencesAmong(answered: readonly Answered[]): string[] {
  const first = answered[0];
  if (first === undefined) return [];
  return answered.flatMap(({ address, status }) =>
    (['cluster', 'level'] as const)
      .filter((field) => status[field] !== first.status[field])
      .map((field) => `${address}: its ${field} is ${status[field]}, not ${first.status[field]}`),
  );
}
