import type { Random } from '../sim/random.ts';

/**
 * Turns a command into bytes for one of the two servers. A stream is symbolic: keys are names, and a CAS token is "the
 * token of key k as last shown", because a memcached and a cluster give different tokens.
 */
export interface Rendering {
  /** The bytes of a key, as a latin-1 string: of the same length in every run, and never used before. */
  readonly key: (name: string) => string;
  /** A token that this server has shown for the key; a token that no server gives when it has shown none. */
  readonly token: (name: string, which: TokenAge) => bigint;
}

/** `newest`: the last token shown; `oldest`: the first. The tokens of both servers grow, so their order agrees. */
export type TokenAge = 'newest' | 'oldest';

export interface Command {
  /** The bytes of the command, as a latin-1 string. */
  readonly render: (rendering: Rendering) => string;
  /** The client waits for all replies before it goes on; later commands can use the tokens in them. */
  readonly pauseAfter: boolean;
  /**
   * The client waits for all replies before it sends this command. memcached drops replies that it has not sent yet
   * when it closes at once, and when a `get` names a key that is too long; whether it has sent them depends on how the
   * network cut the input.
   */
  readonly pauseBefore?: boolean;
}

export interface Stream {
  readonly commands: readonly Command[];
  /** Determines where the bytes are cut; null: each batch is one write. */
  readonly cutSeed: number | null;
}

export interface GenerateOptions {
  /** True if no other stream runs at the same time, so that this one may flush the whole store. */
  readonly alone: boolean;
}

/** The part of a protocol that a conversation needs. */
export interface Dialect {
  readonly name: string;
  /**
   * Whether memcached may close before the last reply, which gives the reason, has been sent: that depends on how the
   * network cut the input.
   */
  readonly lastAnswerMayBeLost: boolean;
  generate(random: Random, options: GenerateOptions): readonly Command[];
  /**
   * Whether the command is a read. A memcached that has not yet sent the reply to a read counts in a copy of the entry,
   * which loses the spaces that memcached otherwise keeps after a number that has become shorter. Therefore a client
   * waits for its reads before it counts.
   */
  isRead(command: string): boolean;
  isCount(command: string): boolean;
  /**
   * A request whose reply ends in `answer`, as no other reply does: this shows that everything before it was answered.
   */
  probe(id: number, rendering: Rendering): { readonly request: Buffer; readonly answer: Buffer };
  /** Bytes that complete a value which is shorter than announced, so that the server reads commands again. */
  filler(bytes: number): Buffer;
  /** Splits the output into human-readable replies, with tokens replaced by the order in which they first appeared. */
  readReplies(output: Buffer, onToken: (key: string, token: bigint) => void): string[];
}

/** A token that no server gives: memcached counts up from 1, and the tokens of a cluster have 61 bits. */
export const FOREIGN_TOKEN = 2n ** 64n - 2n;

const CLIENT_PAUSES = 0.12;
const UNCUT = 0.3;
const COMMANDS_MAX = 45;

/** The stream of a seed. The same seed always gives the same stream. */
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
