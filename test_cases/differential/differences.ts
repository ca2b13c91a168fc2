import { Random } from '../sim/random.ts';
import { converse, type Ending, type Transcript } from './conversation.ts';
import { type Command, type Dialect, type GenerateOptions, type Stream, streamOf } from './stream.ts';

/**
 * Two servers that are sent the same stream: the reference, which is right by definition, and the subject under test.
 */
export interface Pair {
  readonly dialect: Dialect;
  readonly referencePort: number;
  readonly subjectPort: number;
  /** The most runs for making a failing stream shorter. */
  readonly shrinkRunsMax?: number;
}

export interface Difference {
  readonly stream: Stream;
  readonly reference: Replies;
  readonly subject: Replies;
}

interface Replies {
  readonly replies: readonly string[];
  readonly ending: Ending;
}

const SHRINK_RUNS_MAX = 150;
/** A bound on the time of shrinking, since a run takes long when one server is silent. */
const SHRINK_MS_MAX = 20_000;
const PREFIX_CHARACTERS = 6;

let prefixesGiven = 0;

/** A prefix of fixed length that no other conversation with the same servers has. */
function newPrefix(): string {
  return `${(prefixesGiven++).toString(36).padStart(PREFIX_CHARACTERS, '0')}:`;
}

/**
 * A second may pass on one server between two replies; such a difference does not occur again when the stream is
 * repeated.
 */
const RUNS_MAX_WHERE_TIME_DIFFERS = 3;

/** @returns null when both servers sent the same replies */
export async function compare(pair: Pair, stream: Stream): Promise<Difference | null> {
  let found = await compareOnce(pair, stream);
  for (let run = 1; run < RUNS_MAX_WHERE_TIME_DIFFERS; run++) {
    if (found === null || !onlyTimeDiffers(found, pair.dialect)) return found;
    found = await compareOnce(pair, stream);
  }
  return found;
}

async function compareOnce(
  { dialect, referencePort, subjectPort }: Pair,
  stream: Stream,
): Promise<Difference | null> {
  const prefix = newPrefix();
  const expected = await converse(referencePort, dialect, stream, prefix, null);
  const actual = await converse(subjectPort, dialect, stream, prefix, expected);
  const [reference, subject] = [repliesOf(dialect, expected), repliesOf(dialect, actual)];
  return isSame(reference, subject, dialect) ? null : { stream, reference, subject };
}

function repliesOf(dialect: Dialect, { output, ending }: Transcript): Replies {
  return { replies: dialect.readReplies(output, () => {}), ending };
}

/**
 * memcached drops replies that it has not sent yet when it closes a connection (docs/protocol.md); a controller does
 * not.
 */
function isSame(reference: Replies, subject: Replies, { lastAnswerMayBeLost }: Dialect): boolean {
  if (reference.ending !== subject.ending) return false;
  const [fewer, more] =
    reference.replies.length < subject.replies.length ? [reference, subject] : [subject, reference];
  const lost = more.replies.length - fewer.replies.length;
  const closed = reference.ending === 'closed';
  if (lost > 0 && !(closed && (fewer === reference || (lastAnswerMayBeLost && lost === 1)))) return false;
  return fewer.replies.every((one, at) => one === more.replies[at]);
}

/** The fields of meta replies in seconds, left or since the last access: `t`, `l`, `exp=`, `la=`. */
function onlyTimeDiffers({ reference, subject }: Difference, dialect: Dialect): boolean {
  const timeless = ({ replies, ending }: Replies): Replies => ({
    replies: replies.map((one) => one.replace(/ ([tl]|exp=|la=)\d+/g, ' $1…')),
    ending,
  });
  return isSame(timeless(reference), timeless(subject), dialect);
}

/** Compares the stream of a seed. A difference is reported for the shortest stream found that still shows one. */
export async function compareSeed(
  pair: Pair,
  seed: number,
  options: GenerateOptions,
): Promise<{ commands: number; difference: Difference | null }> {
  const stream = streamOf(pair.dialect, new Random(seed), options);
  const difference = await compare(pair, stream);
  return {
    commands: stream.commands.length,
    difference: difference === null ? null : await shrink(pair, difference),
  };
}

/** Leaves out ever smaller runs of commands, and the cuts, as long as the servers still differ. */
async function shrink(pair: Pair, found: Difference): Promise<Difference> {
  let best = found;
  let runs = 0;
  const runsMax = pair.shrinkRunsMax ?? SHRINK_RUNS_MAX;
  const until = performance.now() + SHRINK_MS_MAX;
  const tryWith = async (stream: Stream): Promise<boolean> => {
    if (runs++ >= runsMax || performance.now() > until) return false;
    const difference = await compare(pair, stream);
    if (difference !== null) best = difference;
    return difference !== null;
  };
  await tryWith({ ...best.stream, cutSeed: null });
  for (
    let size = Math.ceil(best.stream.commands.length / 2);
    size >= 1;
    size = size > 1 ? Math.ceil(size / 2) : 0
  ) {
    for (let start = 0; start < best.stream.commands.length; ) {
      const shorter = without(best.stream.commands, start, size);
      if (shorter.length === 0 || !(await tryWith({ ...best.stream, commands: shorter }))) start += size;
    }
  }
  await tryWith({
    ...best.stream,
    commands: best.stream.commands.map((one) => ({ ...one, pauseAfter: false })),
  });
  return best;
}

function without(commands: readonly Command[], start: number, count: number): Command[] {
  return [...commands.slice(0, start), ...commands.slice(start + count)];
}
