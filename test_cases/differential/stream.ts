import type { Random } from '../sim/random.ts';

/**
 * What the two servers are told, symbolically: keys are names, CAS tokens are "that of key k, as last seen",
 * because a memcached and a cluster give different ones. Only when a command is sent to one of the two does it
 * become bytes.
 */
export interface Rendering {
  /** The bytes of a key, as a latin-1 string: the same length at every run, and never used before. */
  readonly key: (name: string) => string;
  /** A token that this server has shown for the key; one that no server gives where it has shown none. */
  readonly token: (name: string, which: TokenAge) => bigint;
}

/** `newest`: the last one shown; `oldest`: the first one. Both servers' tokens grow, so their order agrees. */
export type TokenAge = 'newest' | 'oldest';

export interface Command {
  /** Bytes as a latin-1 string. */
  readonly render: (rendering: Rendering) => string;
  /** The client awaits all replies before it goes on: tokens that they show can be used from here on. */
  readonly pauseAfter: boolean;
  /**
   * All replies before it are awaited: where memcached closes at once, and where a `get` names a key that is too
   * long, it forgets the replies that it has not sent yet, which depends on how the network cut the input.
   */
  readonly pauseBefore?: boolean;
}

export interface Stream {
  readonly commands: readonly Command[];
  /** Decides where the bytes are cut; null: each batch is one write. */
  readonly cutSeed: number | null;
}

export interface GenerateOptions {
  /** No other stream runs at the same time, so that the whole store may be flushed. */
  readonly alone: boolean;
}

/** One protocol, as far as a conversation needs to know it. */
export interface Dialect {
  readonly name: string;
  /**
   * memcached may close before the last answer, which says why, has left: whether it does depends on how the
   * network cut the input.
   */
  readonly lastAnswerMayBeLost: boolean;
  generate(random: Random, options: GenerateOptions): readonly Command[];
  /**
   * A memcached that has not yet sent the answer to a read counts in a copy of the entry, without the spaces
   * that it else leaves behind a number that has become shorter. So a client awaits its reads before it counts.
   */
  isRead(command: string): boolean;
  isCount(command: string): boolean;
  /** A request whose answer ends in `answer`, and no other does; it shows that all before it was answered. */
  probe(id: number, rendering: Rendering): { readonly request: Buffer; readonly answer: Buffer };
  /** Fills up a value whose announced length was not kept, so that the server reads commands again. */
  filler(bytes: number): Buffer;
  /** Replies one by one, for people, with tokens replaced by the order in which they first appeared. */
  readReplies(output: Buffer, onToken: (key: string, token: bigint) => void): string[];
}

/** Never given by memcached, which counts up from 1, nor by a cluster, whose tokens have 61 bits. */
export const FOREIGN_TOKEN = 2n ** 64n - 2n;

const CLIENT_PAUSES = 0.12;
const UNCUT = 0.3;
const COMMANDS_MAX = 45;

/** The same seed gives the same stream for ever. */
export function streamOf(dialect: Dialect, random: Random, options: GenerateOptions): Stream {
  const commands: Command[] = [];
  const count = 1 + random.below(COMMANDS_MAX);
  while (commands.length < count) commands.push(...dialect.generate(random, options));
  const cutSeed = random.chance(UNCUT) ? null : random.below(2 ** 31);
  return { commands, cutSeed };
}

export function command(render: (rendering: Rendering) => string, random: Random): Command {
  return { render, pauseAfter: random.chance(CLIENT_PAUSES) };
}

export function abrupt(one: Command): Command {
  return { ...one, pauseBefore: true };
}
