import { alignColumns, bytesText } from '../../base/text-table.ts';
import type { Status } from '../../controller/status/status.ts';
import { duration } from '../../controller/status/status-table.ts';
import type { ControllerAnswer } from './ask-cluster.ts';
import type { ClusterVerdict } from './verdict.ts';

const COLUMNS = [
  'ID',
  'ADDRESS',
  'UP FOR',
  'ROLE',
  'READS',
  'WRITES',
  'VIEW',
  'HEARS',
  'STORE',
  'JOURNAL',
  'KEYS',
  'PENDING',
] as const;

/** Renders the whole cluster as one table, followed by the notes on what is wrong and by the summary. */
export function renderCluster(answers: readonly ControllerAnswer[], verdict: ClusterVerdict): string {
  const statuses = answers.flatMap(({ status }) => status ?? []);
  const rows = answers.map((answer) => rowOf(answer));
  return [
    `cluster   ${headOf(statuses)}`,
    '',
    ...alignColumns([COLUMNS, ...rows]),
    '',
    ...verdict.notes,
    verdict.summary,
  ].join('\n');
}

function headOf(statuses: readonly Status[]): string {
  const [first] = statuses;
  if (first === undefined) return 'unknown';
  const versions = [...new Set(statuses.map(({ version }) => version))];
  return `${first.cluster}, ${first.level}, version ${versions.join(' and ')}`;
}

function rowOf({ id, address, status }: ControllerAnswer): readonly string[] {
  if (status === null) return [String(id), address, ...COLUMNS.slice(2).map(() => '-')];
  return [
    String(id),
    address,
    duration(status.uptimeSeconds * 1000),
    roleOf(status),
    status.reads.ready ? 'ready' : 'no',
    status.writes.ready ? 'ready' : 'no',
    status.view.ballot === '' ? '-' : status.view.ballot,
    hearsOf(status),
    status.store.up ? 'up' : 'down',
    journalOf(status),
    String(status.keys),
    String(status.requests.pending),
  ];
}

/** The role in one word; the notes give the reason. */
function roleOf({ peers }: Status): string {
  const role = peers.find(({ self }) => self)?.role ?? '';
  return role.startsWith('takes no writes') ? 'no writes' : role;
}

function hearsOf({ peers }: Status): string {
  const others = peers.filter(({ self, up }) => !self && up !== null);
  const heard = others.filter(({ up }) => up === true);
  if (heard.length === others.length) return 'all';
  return heard.length === 0 ? 'nobody' : heard.map(({ id }) => id).join(', ');
}

function journalOf({ journal }: Status): string {
  if (journal.reason !== '') return 'stuck';
  return journal.durability === 'none' ? 'none' : bytesText(journal.diskBytes);
}
