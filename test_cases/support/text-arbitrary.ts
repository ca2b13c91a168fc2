import fc from 'fast-check';

/** An item limit so small that values of a few dozen bytes exceed it. */
export const SMALL_ITEM_BYTES_MAX = 100;

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('k', 'key', 'a\tb', '\xff', 'noreply', '0') },
  { weight: 2, arbitrary: fc.constantFrom('k'.repeat(250), 'k'.repeat(251)) },
);

/** Words that are numbers, that look like numbers, or that are numbers only to C. */
const number = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }).map(String) },
  { weight: 2, arbitrary: fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.constantFrom('0', '1', '9', '-', '+', '\t', '\r', '\x0b', 'x'), { maxLength: 22 })
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(2n ** 31n, 2n ** 32n, 2n ** 63n, 2n ** 64n)
      .chain((power) =>
        fc
          .tuple(fc.constantFrom('', '-', '+', '00'), fc.integer({ min: -2, max: 2 }))
          .map(([sign, offset]) => `${sign}${power + BigInt(offset)}`),
      ),
  },
);

const name = fc.constantFrom(
  ...[
    'get',
    'bget',
    'gets',
    'gat',
    'gats',
    'set',
    'add',
    'replace',
    'append',
    'prepend',
    'cas',
    'incr',
    'decr',
    'touch',
  ],
  ...[
    'delete',
    'flush_all',
    'version',
    'verbosity',
    'stats',
    'show',
    'slowlog',
    'who',
    'Get',
    'mn',
    'mx',
    'x',
    'foo',
    'POST',
    'quit',
  ],
);

const word = fc.oneof(key, number, fc.constantFrom('noreply', 'json', '0', 'HTTP/1.1', '\0'));
const space = fc.constantFrom(' ', ' ', ' ', '  ');
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r\r\n', '\n\r\n');

const anyLine = fc
  .tuple(name, fc.array(fc.tuple(space, word), { maxLength: 7 }), lineEnd)
  .map(([first, rest, end]) => `${first}${rest.flat().join('')}${end}`);

const SHAPES = [
  ...[
    'get k',
    'gets k k',
    'gat n k',
    'gats n k k',
    'incr k n',
    'decr k n',
    'touch k n',
    'delete k',
    'delete k 0',
  ],
  ...[
    'delete k n',
    'flush_all',
    'flush_all n',
    'verbosity n',
    'stats',
    'stats k',
    'version',
    'show',
    'show json',
  ],
  ...['who', 'set k n n n', 'cas k n n n n'],
  ...['slowlog', 'slowlog n', 'slowlog n json', 'slowlog reset', 'slowlog json'],
];

/** Lines with the right number of words in the right places; `k` stands for a key, and `n` for a number. */
const shapedLine = fc
  .tuple(fc.constantFrom(...SHAPES), fc.constantFrom('', '', ' noreply'), fc.constantFrom('\r\n', '\n'))
  .chain(([shape, last, end]) => {
    const parts = shape.split(' ').map((part) => {
      if (part === 'k') return key;
      return part === 'n' ? number : fc.constant(part);
    });
    return fc.tuple(...parts).map((all) => `${all.join(' ')}${last}${end}`);
  });

const longLine = fc
  .tuple(
    fc.constantFrom('', ' ', ' '.repeat(100), ' '.repeat(101)),
    name,
    fc.integer({ min: 1, max: 1000 }),
    lineEnd,
  )
  .map(([indent, first, count, end]) => `${indent}${first} ${'kk '.repeat(count)}${end}`);

/** A storage command with its value; at times a byte of the value is missing, added or replaced. */
const store = fc
  .tuple(
    fc.constantFrom('set', 'add', 'replace', 'append', 'prepend', 'cas'),
    key,
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom('', '', ' noreply', ' what'),
    fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', 'xx'),
  )
  .map(([verb, itsKey, value, last, surplus, end]) => {
    const length = Math.max(0, value.length + surplus);
    return `${verb} ${itsKey} 7 0 ${length}${verb === 'cas' ? ' 12' : ''}${last}\r\n${latin1(value)}${end}`;
  });

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map(latin1),
  fc
    .array(fc.constantFrom('g', 'e', 't', ' ', '\r', '\n', '\0', 'set ', '1 '), { maxLength: 30 })
    .map((all) => all.join('')),
);

/** The input of a client that follows the protocol well, badly or not at all, as a latin-1 string. */
export const textStream = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: store },
      { weight: 10, arbitrary: shapedLine },
      { weight: 4, arbitrary: anyLine },
      { weight: 1, arbitrary: longLine },
      { weight: 1, arbitrary: anyBytes },
    ),
    { maxLength: 20, size: 'medium' },
  )
  .map((pieces) => pieces.join(''));

export const numberWord = number;
