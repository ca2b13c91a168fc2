import { alignColumns, bytesText, counted } from '../../base/text-table.ts';
import { inOneWord, moveInWords } from './levels-report.ts';
import type { PeerStatus, Status } from './status.ts';

const COLUMNS = ['', 'ID', 'ADDRESS', 'STATUS', 'LAST HEARTBEAT', 'SYNCING', 'LAST SYNC', 'ROLE'] as const;

/**
 * Renders the answer to `show json` as a human-readable table. A star marks the controller that was asked.
 */
export function renderStatus(status: Status): string {
  const { requests } = status;
  const lines = [
    `cluster   ${status.cluster}, ${status.level}; controller ${status.controller} at ${status.address}`,
    `state     ${stateOf(status)}, up for ${duration(status.uptimeSeconds * 1000)}, version ${status.version}`,
    ...levelLines(status),
    ...viewLines(status, status.view),
    ...status.otherViews.flatMap((view) => viewLines(status, view)),
    ...timeLines(status),
    `requests  ${requests.pending} pending, ${requests.completed} completed; ${counted(status.keys, 'key')}`,
    `store     ${storeOf(status)}`,
    ...refillLines(status),
    `journal   ${journalOf(status)}`,
    ...behindLines(status),
    ...keyspaceLines(status),
    ...shardLines(status),
    '',
    ...alignColumns([COLUMNS, ...status.peers.map(peerRow)]),
  ];
  return lines.join('\n');
}

const KEYSPACE_COLUMNS = [
  'KEYSPACE',
  'PREFIX',
  'LEVEL',
  'KEYS',
  'READS',
  'WRITES',
  'ERRORS',
  'BEHIND',
  'STATE',
] as const;

/** A table of the keyspaces; no lines where there is only one. */
function keyspaceLines({ keyspaces }: Pick<Status, 'keyspaces'>): string[] {
  if (keyspaces.length < 2) return [];
  const rows = keyspaces.map((keyspace) => [
    keyspace.name,
    keyspace.prefix === '' ? '-' : keyspace.prefix,
    inOneWord(keyspace),
    String(keyspace.keys),
    String(keyspace.reads.requests),
    String(keyspace.writes.requests),
    String(keyspace.errors),
    lagOf(keyspace),
    stateOf(keyspace),
  ]);
  return ['', ...alignColumns([KEYSPACE_COLUMNS, ...rows])];
}

const SHARD_COLUMNS = ['SHARD', 'OF', 'CONTROLLERS', 'KEYS', 'STATE'] as const;

/** A table of the shards; no lines where no keyspace has several. */
function shardLines({ shards }: Pick<Status, 'shards'>): string[] {
  if (shards.length === 0) return [];
  const rows = shards.map(({ keyspace, shard, controllers, keys, service }) => [
    String(shard),
    keyspace,
    controllers.join(', '),
    keys === null ? '-' : String(keys),
    service.ready ? 'ready' : `not ready: ${service.reason}`,
  ]);
  return ['', ...alignColumns([SHARD_COLUMNS, ...rows])];
}

/** Such as `12 writes, 4.0 s`; `-` while the controller is level with its peers, as `behindLines` has it. */
function lagOf({ behind: { writes, ms } }: Pick<Status['keyspaces'][number], 'behind'>): string {
  if (writes === 0 && ms < BEHIND_MS) return '-';
  return writes === 0 ? duration(ms) : `${counted(writes, 'write')}, ${duration(ms)}`;
}

/** Says separately how reads and writes are served, because one may be served without the other. */
export function stateOf({ reads, writes }: Pick<Status, 'reads' | 'writes'>): string {
  if (reads.ready && writes.ready) return 'ready';
  if (reads.ready) return `ready for reads, not for writes: ${writes.reason}`;
  if (writes.ready) return `ready for writes, not for reads: ${reads.reason}`;
  if (reads.reason === writes.reason) return `not ready: ${reads.reason}`;
  return `not ready for reads: ${reads.reason}; nor for writes: ${writes.reason}`;
}

/** A line about the levels; none while the cluster goes by its configuration. */
function levelLines({ levels }: Status): string[] {
  const { epoch, unaware, changing, move } = levels;
  if (epoch === 0 && !changing) return [];
  const waits = unaware.length === 0 ? '' : `, not yet known to ${unaware.join(', ')}`;
  const moving = move === null ? '' : `, ${moveInWords(move)}`;
  return [`levels    epoch ${epoch}${changing ? ', changing' : ''}${moving}${waits}`];
}

function viewLines({ peers }: Status, view: Status['view']): string[] {
  if (view.ballot === '') return [];
  const lease = leaseOf(view);
  const names = view.suspected.map((id) => peers.find((peer) => peer.id === id)?.address ?? String(id));
  const suspected = names.length === 0 ? '' : `, silent: ${names.join(', ')}`;
  const members = view.scheme === 'chain' ? `chain ${view.members.join(' → ')}` : view.members.join(', ');
  const shard = view.shard === '' ? '' : `, for ${view.shard}`;
  const lines = [`view      ${view.ballot} of ${members}${shard}${lease}${suspected}`];
  if (view.reason !== '') lines.push(`          since ${view.reason}`);
  return lines;
}

function leaseOf({ leaseLeftMs }: Status['view']): string {
  if (leaseLeftMs === null) return '';
  return leaseLeftMs > 0
    ? `, lease for ${duration(leaseLeftMs)} more`
    : ', may be over: the lease has run out';
}

/** Lines about the time; none while all clocks are about right. */
function timeLines({ time, peers }: Status): string[] {
  if (time.nowMs === null) return [`time      not agreed: ${time.reason}`];
  const wrong = peers.flatMap((peer) => {
    const error = clockErrorOf(peer);
    return error === null ? [] : [`${peer.address}'s clock is ${error}`];
  });
  if (wrong.length === 0) return [];
  return [`time      ${new Date(time.nowMs).toISOString()}; ${wrong.join(', ')}`];
}

/**
 * Such as `1.2 s ahead` or `1.2 s behind` cluster time; null while the clock is about right, or nothing is
 * known.
 */
export function clockErrorOf({ clockAheadMs }: Pick<PeerStatus, 'clockAheadMs'>): string | null {
  if (clockAheadMs === null || Math.abs(clockAheadMs) < WRONG_CLOCK_MS) return null;
  return `${duration(Math.abs(clockAheadMs))} ${clockAheadMs > 0 ? 'ahead' : 'behind'}`;
}

/** A clock that is wrong by less than this is not reported, in milliseconds. */
const WRONG_CLOCK_MS = 1_000;

function storeOf(status: Status): string {
  const { type, address, up, reason, instance, instances, emptied } = status.store;
  const name = address === '' || address === type ? type : `${type} ${address}`;
  const changes = [
    ...(instances > 0 ? [`replaced ${counted(instances, 'time')}`] : []),
    ...(emptied > 0 ? [`emptied ${counted(emptied, 'time')}`] : []),
  ];
  if (up) return [name, 'up', ...(instance === '' ? [] : [instance]), ...changes].join(', ');
  return reason === '' ? `${name}, down` : `${name}, down: ${reason}`;
}

function refillLines({ refill, values }: Status): string[] {
  const { running, reason, done, total, fromJournal, fromPeers, tookMs, full } = refill;
  const lines: string[] = [];
  if (reason !== '') {
    const found = `${fromJournal} from the journal, ${fromPeers} from peers`;
    const state = running ? 'runs for' : full ? 'ended, since the store is full, after' : 'took';
    lines.push(
      `refill    ${done} of ${counted(total, 'key')}: ${found}; ${state} ${duration(tookMs)}; ${reason}`,
    );
  }
  if (values.missing > 0) {
    const { missing, unanswered, fromJournal: kept, fromPeers: fetched, lost } = values;
    const reads = [
      ...(missing > unanswered
        ? [`${counted(missing - unanswered, 'read')} of values that the store had lost`]
        : []),
      ...(unanswered > 0 ? [`${counted(unanswered, 'read')} that it did not answer`] : []),
    ];
    lines.push(
      `          ${reads.join(', ')}: ${kept} were in the journal, ${fetched} on peers, ${lost} nowhere`,
    );
  }
  return lines;
}

function journalOf({ journal }: Status): string {
  const { durability, reason, entries, backlogBytes, diskBytes, lastFlushMs, recoveredEntries, recoveredMs } =
    journal;
  const trouble = reason === '' ? '' : `, takes no writes: ${reason}`;
  const head = `${durability}${trouble}, ${entries === 1 ? '1 entry' : `${entries} entries`}`;
  if (durability === 'none') return head;
  const sizes = `${bytesText(diskBytes)} on disk, ${bytesText(backlogBytes)} on the way there`;
  const flushed = lastFlushMs === null ? '' : `, flushed ${ago(lastFlushMs)}`;
  return `${head}; ${sizes}${flushed}; started with ${recoveredEntries} after ${duration(recoveredMs)}`;
}

/** A line on the peers that this controller is behind; none while it keeps up with all that it hears. */
function behindLines({ peers }: Status): string[] {
  const behind = peers.flatMap(({ address, up, behind: lag }) => {
    if (lag === null || (lag.ms === null && !up)) return [];
    if (lag.writes === 0 && lag.ms !== null && lag.ms < BEHIND_MS) return [];
    const writes = lag.writes === 0 ? '' : `${counted(lag.writes, 'write')}, `;
    return [`${address} by ${writes}${lag.ms === null ? 'all of this run' : duration(lag.ms)}`];
  });
  return behind.length === 0 ? [] : [`behind    ${behind.join('; ')}`];
}

/** A controller that is behind by less than this, and lacks no write, is not reported, in milliseconds. */
const BEHIND_MS = 3_000;

function peerRow(peer: PeerStatus): readonly string[] {
  return [
    peer.self ? '*' : '',
    String(peer.id),
    peer.address,
    peer.up === null ? 'Unknown' : peer.up ? 'True' : 'False',
    peer.self ? '-' : ago(peer.lastHeardMs),
    syncingOf(peer),
    lastSyncOf(peer),
    peer.storeTrouble === '' ? peer.role : `${peer.role}, store down: ${peer.storeTrouble}`,
  ];
}

function syncingOf({ syncing, sync }: PeerStatus): string {
  if (!syncing) return 'False';
  return sync === null ? 'True' : `True ${sync.writes}/${sync.total}`;
}

/**
 * Members of a view receive each other's writes all the time, so the time of the last exchange says nothing.
 */
function lastSyncOf({ self, inStep, lastSyncMs }: PeerStatus): string {
  if (self) return '-';
  return inStep ? 'in step' : ago(lastSyncMs);
}

function ago(ms: number | null): string {
  return ms === null ? 'never' : `${duration(ms)} ago`;
}

/** Such as `85 ms`, `1.2 s`, `3 min`, `5 h` or `2 d`: two significant digits. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
