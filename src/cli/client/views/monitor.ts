import type { ClientOptions } from '../../command-line/client-flags.ts';
import { OperationError } from '../../failure.ts';
import { linesOf } from '../line-stream.ts';
import { typedKey } from '../quoting.ts';
import { addressOf, uriDecoded, type ViewPorts } from './view.ts';

/**
 * `--monitor`, and the command `monitor`: each request of the controller's clients, as it is answered; what `watch`
 * says, in words. With `--raw` the lines of `watch` as they are.
 */
export async function monitorView({ session, options, write, signal }: ViewPorts): Promise<void> {
  let isBegun = false;
  for await (const line of linesOf(addressOf(session), 'watch fetchers mutations deletions', signal)) {
    if (isBegun) await write(`${shown(line, options.output)}\n`);
    else if (line !== 'OK') throw new OperationError('REQUEST_FAILED', `watch: ${line}`);
    isBegun = true;
  }
  if (!signal.aborted) throw new OperationError('UNREACHABLE', 'the controller has ended the connection');
}

function shown(line: string, output: ClientOptions['output']): string {
  return output === 'json' ? jsonLine(line) : output === 'raw' ? line : wordsOf(line);
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

function jsonLine(line: string): string {
  const fields = Object.fromEntries(fieldsOf(line));
  if (fields.key !== undefined) fields.key = Buffer.from(fields.key, 'latin1').toString('utf8');
  return JSON.stringify(fields);
}

/** A line of `watch` in words, such as `12:00:00.250  client 7  get user:1  found, 3 bytes`. */
export function wordsOf(line: string): string {
  const fields = fieldsOf(line);
  const skipped = fields.get('skipped');
  if (skipped !== undefined) return `(${skipped} requests were not shown: this terminal was too slow)`;
  const at = new Date(Number(fields.get('ts') ?? 0) * 1000);
  const time = `${at.toTimeString().slice(0, 8)}.${`${at.getMilliseconds()}`.padStart(3, '0')}`;
  const client = fields.has('cfd') ? `client ${fields.get('cfd')}  ` : '';
  return `${time}  ${client}${requestOf(fields)}`;
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
