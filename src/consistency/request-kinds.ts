import type { Request } from '../protocol/request.ts';

/** True for requests that may change an entry. */
export function isWrite(request: Request): boolean {
  switch (request.kind) {
    case 'store':
    case 'arithmetic':
    case 'touch':
    case 'gat':
    case 'delete':
    case 'flush_all':
      return true;
    case 'read_item':
      return !isPlainRead(request);
    default:
      return false;
  }
}

/** A write that is its own effect: nothing has to be known for it, and nothing has to be proposed again. */
export function isPlainWrite(request: Request): boolean {
  switch (request.kind) {
    case 'store':
      return request.verb === 'set';
    case 'delete':
      return request.compare === null && !request.invalidate && !request.dropValue;
    default:
      return request.kind === 'flush_all';
  }
}

/** A read that asks for no change; one that finds a stale entry may still win the right to fill it anew. */
export function isPlainRead(request: Request): boolean {
  if (request.kind === 'get' || request.kind === 'debug') return true;
  if (request.kind !== 'read_item') return false;
  return request.touch === null && request.vivify === null && request.recacheBelow === null;
}
