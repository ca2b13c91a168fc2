import { afterAll, beforeAll, expect, it } from 'vitest';
import { HANGS_AFTER_MS } from '../support/hang.ts';
import { describeWithMemcached, type Memcached } from '../support/memcached.ts';
import { BINARY } from './binary-dialect.ts';
import { runBudget } from './budget.ts';
import { startReference } from './reference.ts';
import type { Dialect } from './stream.ts';
import { META, TEXT } from './text-dialect.ts';
import { type Fault, WrongProxy } from './wrong-proxy.ts';

/** The test of a fault ends when the fault is found: only a fault that is never found takes this long. */
const SECONDS_MAX = HANGS_AFTER_MS / 1000;
/** How long two memcacheds are compared with each other, per protocol, in seconds. */
const HONEST_SECONDS = 2;

/** Changes the first match of a pattern, in every `nth` chunk that contains one. */
function replacing(nth: number, pattern: RegExp, replacement: string): Fault {
  let matches = 0;
  return (chunk) => {
    const text = chunk.toString('latin1');
    if (!pattern.test(text) || ++matches % nth !== 0) return chunk;
    return Buffer.from(text.replace(pattern, replacement), 'latin1');
  };
}

function everyNth(nth: number, change: Fault): Fault {
  let chunks = 0;
  return (chunk) => (++chunks % nth === 0 ? change(chunk) : chunk);
}

const BINARY_STATUS_AT = 7;

const FAULTS: readonly (readonly [what: string, dialect: Dialect, fault: () => Fault])[] = [
  ['NOT_STORED becomes STORED', TEXT, () => replacing(1, /NOT_STORED\r\n/, 'STORED\r\n')],
  [
    'two replies change places',
    TEXT,
    () => replacing(5, /(DELETED\r\n)(NOT_FOUND\r\n|STORED\r\n|END\r\n)/, '$2$1'),
  ],
  ['every 50th chunk lacks its last byte', TEXT, () => everyNth(50, (chunk) => chunk.subarray(0, -1))],
  [
    'a reply too many after a while',
    TEXT,
    () => everyNth(50, (chunk) => Buffer.concat([chunk, Buffer.from('OK\r\n')])),
  ],
  ['an error in other words', TEXT, () => replacing(1, /bad data chunk/, 'bad chunk')],
  ['every 50th chunk closes', TEXT, () => everyNth(50, () => null)],
  ['a token stays the same', TEXT, () => replacing(1, /^(VALUE \S+ \d+ \d+) \d+\r$/m, '$1 77\r')],
  ['a number one too large', TEXT, () => replacing(3, /^([1-8])\r$/m, '9\r')],
  ['a flag of a meta reply is lost', META, () => replacing(2, / W\r\n/, '\r\n')],
  ['a meta miss is quiet', META, () => replacing(5, /EN\r\n/, '')],
  [
    'a status of the binary protocol',
    BINARY,
    () => everyNth(20, (chunk) => withByte(chunk, BINARY_STATUS_AT, 1)),
  ],
];

function withByte(chunk: Buffer, at: number, value: number): Buffer {
  const bytes = Buffer.from(chunk);
  bytes[at] = bytes[at] === value ? value + 1 : value;
  return bytes;
}

describeWithMemcached('the differential test', () => {
  let reference: Memcached;
  let other: Memcached;

  beforeAll(async () => {
    reference = await startReference();
    other = await startReference();
  });
  afterAll(async () => {
    await reference?.kill();
    await other?.kill();
  });

  it.each([TEXT, META, BINARY].map((dialect) => [dialect.name, dialect] as const))(
    'finds no difference between two memcacheds: %s',
    async (_, dialect) => {
      const pair = { dialect, referencePort: reference.port, subjectPort: other.port };
      await runBudget(pair, 'memcached', HONEST_SECONDS);
    },
  );

  it.each(FAULTS)('finds the fault: %s', async (_, dialect, fault) => {
    const proxy = await WrongProxy.start(other.port, fault());
    try {
      const pair = { dialect, referencePort: reference.port, subjectPort: proxy.port, shrinkRunsMax: 0 };
      await expect(runBudget(pair, 'proxy', SECONDS_MAX)).rejects.toThrow(/seed \d+/);
    } finally {
      proxy.close();
    }
  });
});
