import type { Random } from '../sim/random.ts';
import type { Dialect, Rendering } from './stream.ts';
import { FOREIGN_TOKEN } from './stream.ts';
import { keyBytes } from './words.ts';

const COMMANDS_MAX = 30;
const MUTATIONS_MAX = 8;
const GARBAGE_BYTES_MAX = 400;

/**
 * Bytes that no decoder expects: commands of a protocol with bytes changed, removed, doubled and inserted, or random
 * bytes.
 */
export function mutated(dialect: Dialect, random: Random, prefix: string): Buffer {
  const rendering: Rendering = { key: (name) => keyBytes(prefix, name), token: () => FOREIGN_TOKEN };
  if (random.chance(0.15)) return garbage(random, 20_000);
  const commands: string[] = [];
  for (let count = 1 + random.below(COMMANDS_MAX); count > 0; count--) {
    commands.push(...dialect.generate(random, { alone: false }).map((one) => one.render(rendering)));
  }
  let bytes: Buffer = Buffer.from(commands.join(''), 'latin1');
  for (let count = random.below(MUTATIONS_MAX); count > 0 && bytes.length > 0; count--) {
    bytes = mutateOnce(bytes, random);
  }
  return bytes;
}

function mutateOnce(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length);
  const end = Math.min(bytes.length, at + random.below(60));
  switch (random.below(5)) {
    case 0: {
      const changed = Buffer.from(bytes);
      changed[at] = random.below(256);
      return changed;
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), garbage(random, GARBAGE_BYTES_MAX), bytes.subarray(at)]);
    default:
      return bytes.subarray(0, at);
  }
}

function garbage(random: Random, lengthMax: number): Buffer {
  const bytes = Buffer.alloc(random.below(lengthMax));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
  return bytes;
}
