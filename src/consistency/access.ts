/**
 * What a request does to entries. A plain write is its own effect: it depends on nothing, and nothing has to be
 * proposed again. The effect of a conditional write depends on what its key holds.
 */
export type Access = 'none' | 'read' | 'plain write' | 'conditional write';

/** True for requests that may change an entry. */
export function isWrite(access: Access): boolean {
  return access === 'plain write' || access === 'conditional write';
}
