/** A hash of the whole key, as a signed 32-bit integer: FNV-1a, with its upper bits mixed into the lower ones. */
export function hashOfKey(key: string): number {
  let hash = FNV_BASIS;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 15), MIX);
  return hash ^ (hash >>> 13);
}

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const MIX = 0x2c1b3c6d;
