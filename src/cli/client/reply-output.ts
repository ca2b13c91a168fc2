import type { ClientOptions } from '../command-line/client-flags.ts';
import { EXIT_FAILED, EXIT_MISS, EXIT_OK } from '../failure.ts';
import type { ReplyParts } from './text-reply-reader.ts';

const LINE_FEED = Buffer.from('\n');

/** What a reply says that is no failure, and not what was asked for either. */
const MISSES: ReadonlySet<string> = new Set(['NOT_FOUND', 'NOT_STORED', 'EXISTS', 'EN', 'NF', 'NS', 'EX']);

/** A line of `get`, and of `mg`: the first word says that a value follows. */
const VALUE_LINE = /^VALUE (\S+) (\d+) (\d+)(?: (\d+))?$/;

/** The exit code that tells a miss from a failure. */
export function exitCodeOf({ parts, failed }: ReplyParts): number {
  if (failed) return EXIT_FAILED;
  const first = parts[0]?.toString('latin1') ?? '';
  const isMiss = parts.length === 1 && (first === 'END' || MISSES.has(first.split(' ', 1)[0]!));
  return isMiss ? EXIT_MISS : EXIT_OK;
}

/** The bytes that a reply is shown as, with a line end behind each part. */
export function outputOf(reply: ReplyParts, output: ClientOptions['output']): Buffer {
  if (output === 'json') return Buffer.from(`${JSON.stringify(jsonOf(reply))}\n`);
  const parts = output === 'raw' ? rawParts(reply) : reply.parts;
  return Buffer.concat(parts.flatMap((part) => [part, LINE_FEED]));
}

/** The values alone where there are values, else the lines. */
function rawParts(reply: ReplyParts): readonly Buffer[] {
  const { hits, lines } = dissect(reply);
  if (hits.length > 0) return hits.map(({ value }) => value);
  return lines.filter((line) => !/^(END|EN)$/.test(line)).map((line) => Buffer.from(line, 'latin1'));
}

interface Hit {
  /** The line in front of the value. */
  readonly line: string;
  readonly value: Buffer;
}

/** Values, and the lines that belong to none. Lines are in latin-1. */
function dissect({ parts }: ReplyParts): {
  readonly hits: readonly Hit[];
  readonly lines: readonly string[];
} {
  const hits: Hit[] = [];
  const lines: string[] = [];
  for (let at = 0; at < parts.length; at++) {
    const line = parts[at]!.toString('latin1');
    if ((VALUE_LINE.test(line) || line.startsWith('VA ')) && at + 1 < parts.length)
      hits.push({ line, value: parts[++at]! });
    else lines.push(line);
  }
  return { hits, lines };
}

type Json = Readonly<Record<string, unknown>>;

/**
 * A reply as an object: `hits` for values, `item` for `mg`, `stats`, `lines`, or `status` for a single word; `error`
 * for a failure. `miss` is there when nothing was found, or a condition did not hold.
 */
export function jsonOf(reply: ReplyParts): Json {
  const { hits, lines } = dissect(reply);
  const last = utf8(lines.at(-1) ?? '');
  if (reply.failed) return { error: last.split(' ', 1)[0], message: last.split(' ').slice(1).join(' ') };
  const miss = exitCodeOf(reply) === EXIT_MISS ? { miss: true } : {};
  if (last === 'END' || hits.length > 0) return { ...bodyOf(hits, lines), ...miss };
  if (lines.length === 1) return { ...statusOf(last), ...miss };
  return { lines: lines.map(utf8), ...miss };
}

function bodyOf(hits: readonly Hit[], lines: readonly string[]): Json {
  if (hits[0]?.line.startsWith('VA ')) return { item: itemOf(hits[0]) };
  const others = lines.filter((line) => line !== 'END').map(utf8);
  if (hits.length > 0 || others.length === 0) return { hits: hits.map(hitOf) };
  if (others.every((line) => line.startsWith('STAT '))) return { stats: statsOf(others) };
  const only = others.length === 1 ? parsed(others[0]!) : undefined;
  return only === undefined ? { lines: others } : { result: only };
}

/** A number is the answer to `incr`; it may be larger than JSON's numbers, so it stays a text. */
function statusOf(line: string): Json {
  if (/^\d+$/.test(line)) return { value: line };
  const [status, ...words] = line.split(' ');
  return words.length === 0 ? { status } : { status, words };
}

function hitOf({ line, value }: Hit): Json {
  const [, key = '', flags = '0', , cas] = VALUE_LINE.exec(line) ?? [];
  return { key: utf8(key), flags: Number(flags), ...(cas && { cas }), ...valueFields(value) };
}

function itemOf({ line, value }: Hit): Json {
  return { flags: line.split(' ').slice(2), ...valueFields(value) };
}

/** Bytes that are no text are given in base64. */
function valueFields(value: Buffer): Json {
  const text = value.toString('utf8');
  return Buffer.from(text, 'utf8').equals(value)
    ? { value: text }
    : { valueBase64: value.toString('base64') };
}

function statsOf(lines: readonly string[]): Json {
  return Object.fromEntries(
    lines.map((line) => {
      const [, name = '', value = ''] = /^STAT (\S+) ?(.*)$/.exec(line) ?? [];
      return [name, value];
    }),
  );
}

function parsed(line: string): unknown {
  try {
    return line.startsWith('{') || line.startsWith('[') ? JSON.parse(line) : undefined;
  } catch {
    return undefined;
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
