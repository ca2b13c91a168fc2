import { InvariantError } from '../base/invariant-error.ts';
import { encodeMeta } from './meta/meta-encoder.ts';
import { MetaFlags } from './meta/meta-flags.ts';
import type { Hit, Outcome, Reply } from './reply.ts';
import type { ReplyBuffer } from './reply-buffer.ts';
import type { InvalidRequest, Request } from './request.ts';
import { badFormat } from './text-words.ts';

/** Replies in memcached's text protocol (doc/protocol.txt of memcached), and the replies to `show` and `who`. */

const OUTCOME_LINES: Readonly<Record<Outcome, string>> = {
  stored: 'STORED\r\n',
  not_stored: 'NOT_STORED\r\n',
  exists: 'EXISTS\r\n',
  not_found: 'NOT_FOUND\r\n',
  deleted: 'DELETED\r\n',
  touched: 'TOUCHED\r\n',
  ok: 'OK\r\n',
};

const BAD_FORMAT = badFormat();

/** Writes the reply to a request, or nothing if the client asked for no reply. */
export function encodeText(request: Request, reply: Reply, out: ReplyBuffer): void {
  if (request.kind === 'invalid') return encodeInvalid(request, out);
  if (isQuiet(request)) return;
  if (
    'wire' in request &&
    request.wire instanceof MetaFlags &&
    encodeMeta(request.wire, request, reply, out)
  ) {
    return;
  }
  switch (reply.kind) {
    case 'outcome':
      out.text(OUTCOME_LINES[reply.outcome]);
      break;
    case 'hits':
      if ('cutShort' in request) return encodeInvalid(BAD_FORMAT, out);
      encodeHits(reply.hits, asksForCas(request), reply.isPart ? '' : 'END\r\n', out);
      break;
    case 'item':
      throw new InvariantError('a request that is no meta command was answered with an item', {
        request: request.kind,
      });
    case 'number':
      out.text(`${reply.value}\r\n`);
      break;
    case 'line':
      if (reply.line !== '') encodeLine(reply.line, out);
      break;
    case 'lines':
      for (const line of reply.lines) encodeLine(line, out);
      out.text('END\r\n');
      break;
    case 'stats':
      for (const [name, value] of reply.stats) encodeLine(`STAT ${name} ${value}`, out);
      out.text('END\r\n');
      break;
    case 'client_error':
      encodeLine(`CLIENT_ERROR ${reply.reason}`, out);
      break;
    case 'server_error':
      encodeLine(`SERVER_ERROR ${reply.reason}`, out);
      break;
  }
}

/** Writes the answer that an invalid request contains. Some end the connection without an answer. */
export function encodeInvalid(request: InvalidRequest, out: ReplyBuffer): void {
  if (request.noreply || request.line === '') return;
  encodeLine(request.line, out);
}

function isQuiet(request: Request): boolean {
  return request.kind === 'quit' || ('noreply' in request && request.noreply);
}

function asksForCas(request: Request): boolean {
  return (request.kind === 'get' || request.kind === 'gat') && request.withCas;
}

function encodeHits(hits: readonly Hit[], withCas: boolean, end: string, out: ReplyBuffer): void {
  let between = '';
  for (let at = 0; at < hits.length; at++) {
    const { key, flags, value, cas } = hits[at]!;
    out.text(`${between}VALUE ${key} ${flags} ${value.length}${withCas ? ` ${cas}` : ''}\r\n`);
    out.bytes(value);
    between = '\r\n';
  }
  out.text(between + end);
}

/** Reasons come from errors of all kinds. A line end in one would be read as the beginning of the next reply. */
function encodeLine(line: string, out: ReplyBuffer): void {
  out.utf8(/[\r\n]/.test(line) ? `${line.replace(/[\r\n]+/g, ' ')}\r\n` : `${line}\r\n`);
}
