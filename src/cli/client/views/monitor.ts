import { parseAddress } from '../../../base/address-text.ts';
import { formatAddress } from '../../settings/address.ts';
import { typedKey } from '../quoting.ts';
import { addressOf, uriDecoded, type ViewPorts } from './view.ts';
import { type WatchedController, WatchedControllers } from './watched-controllers.ts';

type Output = ViewPorts['options']['output'];

/**
 * `--monitor`, and the command `monitor`: each request of the clients of all controllers, as it is answered; what
 * `watch` says, in words. With `--raw` the lines of `watch` as they are, and the controller behind them.
 */
export async function monitorView(ports: ViewPorts): Promise<void> {
  const { options, write, isTerminal, notice, signal } = ports;
  const all = await controllersOf(ports);
  if (isTerminal && options.output === 'plain') notice(`${watchedText(all)}; Ctrl-C ends it`);
  const onLine = (line: string, { id }: WatchedController): Promise<void> =>
    write(`${shown(line, id, options.output)}\n`);
  await new WatchedControllers(all, { onLine, notice, signal }).watch();
}

/** All controllers of the cluster, as the one that the session is connected to names them. */
async function controllersOf({ session }: ViewPorts): Promise<readonly WatchedController[]> {
  const own = addressOf(session);
  const status = await session.status();
  if (status === null) return [{ id: null, address: own }];
  return status.peers.flatMap(({ id, address: text }) => {
    const address = id === status.controller ? own : parseAddress(text);
    return address === null ? [] : [{ id, address }];
  });
}

function watchedText(all: readonly WatchedController[]): string {
  const ids = all.flatMap(({ id }) => id ?? []);
  if (ids.length > 1) return `watching the clients of controllers ${ids.join(', ')}`;
  return `watching the clients of ${formatAddress(all[0]!.address)}`;
}

/** @param id of the controller; null for a memcached */
export function shown(line: string, id: number | null, output: Output): string {
  if (output === 'json') return jsonLine(line, id);
  if (output === 'raw') return id === null ? line : `${line} controller=${id}`;
  return wordsOf(line, id);
}

/** The fields of a line of `watch`, decoded. */
function fieldsOf(line: string): Map<string, string> {
  return new Map(
    line.split(' ').map((word) => {
      const at = word.indexOf('=');
      const value = word.slice(at + 1);
      return [word.slice(0, at), word.startsWith('key=') ? uriDecoded(value) : value] as const;
    }),
  );
}

function jsonLine(line: string, id: number | null): string {
  const controller = id === null ? {} : { controller: id };
  const fields: Record<string, string | number> = { ...controller, ...Object.fromEntries(fieldsOf(line)) };
  if (fields.key !== undefined) fields.key = Buffer.from(`${fields.key}`, 'latin1').toString('utf8');
  return JSON.stringify(fields);
}

/** A line of `watch` in words, such as `12:00:00.250  controller 0  client 7  get user:1  found, 3 bytes`. */
function wordsOf(line: string, id: number | null): string {
  const fields = fieldsOf(line);
  const skipped = fields.get('skipped');
  const controller = id === null ? '' : `controller ${id}  `;
  if (skipped !== undefined)
    return `${controller}(${skipped} requests were not shown: this terminal was too slow)`;
  const at = new Date(Number(fields.get('ts') ?? 0) * 1000);
  const time = `${at.toTimeString().slice(0, 8)}.${`${at.getMilliseconds()}`.padStart(3, '0')}`;
  const client = fields.has('cfd') ? `client ${fields.get('cfd')}  ` : '';
  return `${time}  ${controller}${client}${requestOf(fields)}`;
}

function requestOf(fields: ReadonlyMap<string, string>): string {
  const key = typedKey(fields.get('key') ?? '');
  const status = (fields.get('status') ?? '').replace('_', ' ');
  const bytes = fields.get('size') === '0' ? '' : `, ${fields.get('size')} bytes`;
  switch (fields.get('type') ?? '') {
    case 'item_get':
      return `get ${key}  ${status}${bytes}`;
    case 'item_store': {
      const expires = fields.get('ttl') === '0' ? '' : `, for ${fields.get('ttl')} s`;
      return `${fields.get('cmd')} ${key}  ${status}${bytes}${expires}`;
    }
    case 'deleted':
      return `${fields.get('cmd')} ${key}  deleted`;
    case 'flush_all':
      return `flush_all ${fields.get('delay')}`;
    default:
      return [...fields].map(([name, value]) => `${name}=${value}`).join(' ');
  }
}
