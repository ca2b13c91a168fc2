import { alignColumns, bytesText } from '../../../base/text-table.ts';
import { typedKey } from '../quoting.ts';
import { pause, statsOf, uriDecoded, type ViewPorts } from './view.ts';

type Figures = ReadonlyMap<string, string>;

/** Between two questions for the large keys while the controller looks for them. */
const ASK_AGAIN_MS = 100;

/** `--hotkeys`: what `stats hotkeys` says, as a table. */
export async function hotKeysView({ session, options, write }: ViewPorts): Promise<void> {
  const figures = await statsOf(session, 'hotkeys');
  const keys = ranked(figures, 'hotkeys');
  if (options.output === 'json') return write(`${JSON.stringify({ hotKeys: keys.map(decoded) })}\n`);
  const rate = figures.get('hotkeys:operations_per_second');
  const about = `${rate} operations per second on keys, over about ${figures.get('hotkeys:window_seconds')} s`;
  if (keys.length === 0) return write(`${about}; no key was asked for\n`);
  const rows = keys.map((key) => [
    typedKey(uriDecoded(key.get('key') ?? '')),
    key.get('reads_per_second') ?? '',
    key.get('writes_per_second') ?? '',
    `${key.get('share_percent')}%`,
    key.get('keyspace') ?? '',
  ]);
  const table = alignColumns([['KEY', 'READS/S', 'WRITES/S', 'SHARE', 'KEYSPACE'], ...rows]);
  await write(`${about}\n\n${table.join('\n')}\n`);
}

/** `--bigkeys`: what `stats bigkeys` says once the controller has looked at all keys. */
export async function bigKeysView({ session, options, write, isTerminal, signal }: ViewPorts): Promise<void> {
  let figures = await statsOf(session, 'bigkeys');
  while (figures.get('bigkeys:complete') !== '1' && (await pause(ASK_AGAIN_MS, signal))) {
    if (isTerminal) await write(`\r${lookedAt(figures)}\x1b[K`);
    figures = await statsOf(session, 'bigkeys');
  }
  if (isTerminal) await write('\r\x1b[K');
  const keys = ranked(figures, 'bigkeys');
  if (options.output === 'json') return write(`${JSON.stringify({ bigKeys: keys.map(decoded) })}\n`);
  const keyspaces = [...figures.keys()].flatMap(
    (name) => /^bigkeys:keyspace:(.+):keys$/.exec(name)?.[1] ?? [],
  );
  const sums = keyspaces.map((name) => {
    const of = (figure: string): string => figures.get(`bigkeys:keyspace:${name}:${figure}`) ?? '0';
    return [name, of('keys'), bytesText(Number(of('value_bytes'))), bytesText(Number(of('largest_bytes')))];
  });
  const rows = keys.map((key) => [
    typedKey(uriDecoded(key.get('key') ?? '')),
    bytesText(Number(key.get('value_bytes'))),
    key.get('keyspace') ?? '',
  ]);
  const parts = [
    [lookedAt(figures)],
    alignColumns([['KEYSPACE', 'KEYS', 'VALUES', 'LARGEST'], ...sums]),
    ...(rows.length === 0 ? [] : [alignColumns([['KEY', 'VALUE', 'KEYSPACE'], ...rows])]),
  ];
  await write(`${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`);
}

function lookedAt(figures: Figures): string {
  return `${figures.get('bigkeys:keys_looked_at')} of ${figures.get('bigkeys:keys_total')} keys looked at`;
}

/** The figures of each key: `<group>:<rank>:<name>`. */
function ranked(figures: Figures, group: string): Map<string, string>[] {
  const keys: Map<string, string>[] = [];
  for (const [name, value] of figures) {
    const [, rank, field] = new RegExp(`^${group}:(\\d+):(\\w+)$`).exec(name) ?? [];
    if (rank === undefined) continue;
    keys[Number(rank) - 1] ??= new Map();
    keys[Number(rank) - 1]!.set(field!, value);
  }
  return keys;
}

function decoded(key: Figures): Record<string, string | number> {
  return Object.fromEntries(
    [...key].map(([name, value]) => [
      name,
      name === 'key'
        ? Buffer.from(uriDecoded(value), 'latin1').toString('utf8')
        : /^[\d.]+$/.test(value)
          ? Number(value)
          : value,
    ]),
  );
}
