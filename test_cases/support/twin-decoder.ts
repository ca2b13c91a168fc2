import { exceedsItemLimit } from '../../src/protocol/limits.ts';
import { arithmeticRequest, deleteRequest, storageRequest } from '../../src/protocol/make-request.ts';
import { MetaFlags } from '../../src/protocol/meta/meta-flags.ts';
import type { Request, StorageVerb } from '../../src/protocol/request.ts';

/**
 * A slow and obvious decoder of the text protocol, to compare with the real one. It takes the whole input as a latin-1
 * string, and splits, matches and slices strings. It shares no code with the decoder except the item limit.
 */
export function decodeWhole(input: string, itemBytesMax: number): Request[] {
  const requests: Request[] = [];
  let rest = input;
  while (true) {
    const lineEnd = rest.indexOf('\n');
    const line = lineEnd === -1 ? rest : rest.slice(0, lineEnd);
    if (line.length > (isKeyList(line) ? 1_048_576 : 2048)) {
      return [...requests, invalid(isKeyList(line) ? 'CLIENT_ERROR line too long' : '', false, true)];
    }
    if (lineEnd === -1) return requests;
    rest = rest.slice(lineEnd + 1);
    const request = decodeLine(line.length > 1 ? line.replace(/\r$/, '') : line);
    if (!('valueBytes' in request)) {
      requests.push(request);
      if (request.kind === 'quit' || (request.kind === 'invalid' && request.fatal)) return requests;
      continue;
    }
    const { valueBytes, ...header } = request;
    const { verb, key, flags, noreply } = header;
    const body = rest.slice(0, valueBytes + 2);
    if (exceedsItemLimit(key.length, flags, valueBytes, itemBytesMax)) {
      if (verb === 'set') requests.push({ ...deleteRequest(key, true), unasked: true });
      requests.push(invalid('SERVER_ERROR object too large for cache', noreply));
    } else if (body.length < valueBytes + 2) {
      return requests;
    } else if (body.endsWith('\r\n')) {
      requests.push({ ...header, value: Buffer.from(body.slice(0, -2), 'latin1') });
    } else {
      requests.push(invalid('CLIENT_ERROR bad data chunk', noreply));
    }
    rest = rest.slice(valueBytes + 2);
  }
}

type Header = Omit<Extract<Request, { kind: 'storage' }>, 'value'> & { readonly valueBytes: number };

const invalid = (line: string, noreply = false, fatal = false): Request => ({
  kind: 'invalid',
  line,
  fatal,
  noreply,
});
const isKeyList = (line: string) => /^ {0,100}(get|gets|gat|gats) /.test(line);
const isLong = (key: string) => key.length > 250;

function decodeLine(line: string): Request | Header {
  const all = line
    .replace(/\0.*$/s, '')
    .split(' ')
    .filter((word) => word !== '');
  // Words after the 23rd are read in a list of keys only.
  const [name = '', ...args] = /^(get|bget|gets|gat|gats)$/.test(all[0] ?? '') ? all : all.slice(0, 23);
  if (/^(get|bget|gets|gat|gats)$/.test(name)) return decodeKeyList(name, args);
  if (/^(set|add|replace|append|prepend|cas)$/.test(name)) return decodeStore(name as StorageVerb, args);
  if (/^(incr|decr|touch|delete)$/.test(name)) return decodeOneKey(name, args);
  return decodeKeyless(name, args);
}

function decodeKeyList(name: string, args: readonly string[]): Request {
  if (args.length === 0) return invalid('ERROR');
  const touches = name.startsWith('gat');
  const withCas = name.endsWith('s');
  const exptime = touches ? signed(args[0]!) : 0;
  if (exptime === null) return invalid('CLIENT_ERROR invalid exptime argument');
  const all = touches ? args.slice(1) : args;
  const tooLong = all.findIndex(isLong);
  const keys = tooLong === -1 ? all : all.slice(0, tooLong);
  if (tooLong === 0) return invalid('CLIENT_ERROR bad command line format');
  const cut = tooLong === -1 ? {} : { cutShort: true as const };
  return touches ? { kind: 'gat', keys, withCas, exptime, ...cut } : { kind: 'get', keys, withCas, ...cut };
}

function decodeOneKey(name: string, args: readonly string[]): Request {
  const [key = '', second = ''] = args;
  const wanted = name === 'delete' ? [1, 2, 3] : [2, 3];
  if (!wanted.includes(args.length)) return invalid('ERROR');
  const noreply = args.length > 1 && args.at(-1) === 'noreply';
  if (name === 'delete' && !/^(0|noreply|0 noreply|)$/.test(args.slice(1).join(' '))) {
    return invalid('CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]', noreply);
  }
  if (isLong(key)) return invalid('CLIENT_ERROR bad command line format', noreply);
  if (name === 'delete') return deleteRequest(key, noreply);
  if (name === 'touch') {
    const exptime = signed(second);
    if (exptime === null) return invalid('CLIENT_ERROR invalid exptime argument', noreply);
    return { kind: 'touch', key, exptime, noreply };
  }
  const delta = unsigned(second);
  if (delta === null) return invalid('CLIENT_ERROR invalid numeric delta argument', noreply);
  return arithmeticRequest(name === 'incr' ? 'incr' : 'decr', key, delta, noreply);
}

function decodeKeyless(name: string, args: readonly string[]): Request {
  const noreply = args.at(-1) === 'noreply';
  switch (name) {
    case 'flush_all': {
      if (args.length > 2) return invalid('ERROR');
      if (args.join(' ') === '' || args.join(' ') === 'noreply')
        return { kind: 'flush_all', delay: 0, noreply };
      const delay = signed(args[0]!);
      if (delay === null) return invalid('CLIENT_ERROR invalid exptime argument', noreply);
      return { kind: 'flush_all', delay: Math.max(0, delay), noreply };
    }
    case 'verbosity':
      if (args.length !== 1 && args.length !== 2) return invalid('ERROR');
      if (unsigned(args[0]!) === null) return invalid('CLIENT_ERROR bad command line format', noreply);
      return { kind: 'verbosity', noreply };
    case 'stats':
      return { kind: 'stats', words: args };
    case 'show':
      switch (args.join(' ')) {
        case '':
          return { kind: 'show', what: 'cluster', format: 'table' };
        case 'json':
          return { kind: 'show', what: 'cluster', format: 'json' };
        case 'requests':
          return { kind: 'show', what: 'requests', format: 'table' };
        case 'requests json':
          return { kind: 'show', what: 'requests', format: 'json' };
      }
      return invalid('CLIENT_ERROR usage: show [requests] [json]; of the whole cluster: main.ts status');
    case 'slowlog': {
      const isJson = args.at(-1) === 'json';
      const format = isJson ? 'json' : 'table';
      const [what, ...rest] = isJson ? args.slice(0, -1) : args;
      const number = rest.length === 0 && what !== undefined ? unsigned(what) : null;
      const count = number === null ? null : Number(number % 2n ** 32n);
      if (what === undefined || count) return { kind: 'slowlog', what: 'list', count, format };
      if (args.join(' ') === 'reset') return { kind: 'slowlog', what: 'reset', count, format };
      return invalid('CLIENT_ERROR usage: slowlog [<count>|reset] [json]; the count is 1 or more');
    }
    case 'mn':
      return { kind: 'noop', wire: new MetaFlags('mn') };
    case 'version':
    case 'who':
    case 'quit':
      return { kind: name };
  }
  const isBrowser = name.length > 1 && (args.at(-1) ?? name).startsWith('HTTP/');
  return isBrowser && !/^([gsacidt]|m.$)/s.test(name) ? invalid('', false, true) : invalid('ERROR');
}

function decodeStore(verb: StorageVerb, args: readonly string[]): Request | Header {
  const noreply = args.at(-1) === 'noreply';
  const wanted = verb === 'cas' ? 5 : 4;
  if (args.length !== wanted && args.length !== wanted + 1) return invalid('ERROR');
  const [key = '', flagsWord = '', exptimeWord = '', bytesWord = '', casWord = ''] = args;
  const flags = unsigned(flagsWord);
  const exptime = signed(exptimeWord);
  const valueBytes = signed(bytesWord);
  const compare = verb === 'cas' ? unsigned(casWord) : null;
  const comparable = verb !== 'cas' || compare !== null;
  const wellFormed = flags !== null && exptime !== null && valueBytes !== null && comparable && !isLong(key);
  if (!wellFormed || valueBytes < 0 || valueBytes > 2_147_483_645) {
    return invalid('CLIENT_ERROR bad command line format', noreply);
  }
  const { value: _, ...header } = storageRequest(
    verb,
    key,
    Number(flags % 2n ** 32n),
    exptime,
    Buffer.alloc(0),
    compare,
    noreply,
  );
  return { ...header, valueBytes };
}

/**
 * The number that C reads from the beginning of a word; null when there is none, or when other characters follow it.
 */
function number(word: string): bigint | null {
  const match = /^[\t-\r]*([+-]?)(\d+)(?:[\t-\r].*)?$/s.exec(word);
  return match === null ? null : BigInt(match[2]!) * (match[1] === '-' ? -1n : 1n);
}

export function unsigned(word: string): bigint | null {
  const value = number(word);
  if (value === null || value >= 2n ** 64n || value <= -(2n ** 64n)) return null;
  const wrapped = value < 0n ? value + 2n ** 64n : value;
  return wrapped >= 2n ** 63n && word.includes('-') ? null : wrapped;
}

export function signed(word: string): number | null {
  const value = number(word);
  if (value === null || value >= 2n ** 63n || value < -(2n ** 63n)) return null;
  const low = ((value % 2n ** 32n) + 2n ** 32n) % 2n ** 32n;
  return Number(low >= 2n ** 31n ? low - 2n ** 32n : low);
}
