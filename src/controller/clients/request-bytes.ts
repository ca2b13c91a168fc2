import type { Request } from '../../protocol/request.ts';

/** What a key of a request takes while the request is under way, beside its characters, in bytes. */
const KEY_BYTES = 48;

/** What a request itself holds while it is under way, in bytes: the value that it writes, or the many keys that it reads. */
export function requestBytes(request: Request): number {
  switch (request.kind) {
    case 'store':
      return request.value.length;
    case 'get':
    case 'gat':
      return request.keys.length === 1 ? 0 : bytesOfKeys(request.keys);
    default:
      return 0;
  }
}

function bytesOfKeys(keys: readonly string[]): number {
  return keys.reduce((bytes, key) => bytes + KEY_BYTES + key.length, 0);
}

/** Values that the request reads. */
export function keysOf(request: Request): number {
  switch (request.kind) {
    case 'get':
    case 'gat':
      return request.keys.length;
    case 'read_item':
      return 1;
    default:
      return 0;
  }
}
