/**
 * Cases of odd input of the text protocol, byte for byte as memcached 1.6.18 answers it. They were recorded from
 * memcached, and are replayed against it and against a controller. Each case needs a fresh connection, an empty store,
 * and a server with the default item limit. Inputs and outputs are latin-1 strings, one character per byte.
 *
 * Lines of more than 2048 bytes other than a `get` are left out: the answer of memcached to them depends on how the
 * network cut the input.
 */
export interface ProtocolCase {
  readonly input: string;
  readonly output: string;
  /** The server closes the connection after its output. */
  readonly closes: boolean;
}

/** The server keeps the connection open. */
export const answers = (input: string, output: string): ProtocolCase => ({ input, output, closes: false });
const closes = (input: string, output = ''): ProtocolCase => ({ input, output, closes: true });

const ERROR = 'ERROR\r\n';
const BAD_FORMAT = 'CLIENT_ERROR bad command line format\r\n';
const BAD_CHUNK = 'CLIENT_ERROR bad data chunk\r\n';
const BAD_EXPTIME = 'CLIENT_ERROR invalid exptime argument\r\n';
const BAD_DELTA = 'CLIENT_ERROR invalid numeric delta argument\r\n';
const BAD_DELETE = 'CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n';
const TOO_LARGE = 'SERVER_ERROR object too large for cache\r\n';
const NOT_FOUND = 'NOT_FOUND\r\n';
const STORED = 'STORED\r\n';
const END = 'END\r\n';
const OK = 'OK\r\n';

/** A request whose reply shows, after a request without one, that the connection is still open. */
const PROBE = 'get probe\r\n';

const KEY_LONGEST = 'k'.repeat(250);
const KEY_TOO_LONG = 'k'.repeat(251);
/** The largest value with the one-byte key `k`: key, value and overhead are exactly the item limit of 1 MiB. */
const VALUE_LARGEST = 1_048_576 - 59 - 1;

const words = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(' ');
const setThenGet = (flags: string, exptime = '0', bytes = '1') =>
  `set k ${flags} ${exptime} ${bytes}\r\nx\r\nget k\r\n`;
const found = (flags: number) => `${STORED}VALUE k ${flags} 1\r\nx\r\nEND\r\n`;
/** A header that is refused: the line with its value is then read as a command. */
const refused = `${BAD_FORMAT}${ERROR}${END}`;

const LINES: readonly ProtocolCase[] = [
  answers('\r\n', ERROR),
  answers('\n', ERROR),
  answers(' \r\n', ERROR),
  answers('\r\r\n', ERROR),
  answers('a\r\n', ERROR),
  answers('foo\r\n', ERROR),
  answers('foo bar baz\r\n', ERROR),
  answers('GET a\r\n', ERROR),
  answers('mx\r\n', ERROR),
  answers('\0\r\n', ERROR),
  answers('get a\n', END),
  answers('get a\r\r\n', END),
  answers('  get a\r\n', END),
  answers(' set  k 0  0 1 \r\nx\r\n', STORED),
  answers('set k 0 0 3\nabc\r\nget k\n', `${STORED}VALUE k 0 3\r\nabc\r\nEND\r\n`),
  answers('get a\0b c\r\n', END),
  answers('set k\0 0 0 1\r\n', ERROR),
  answers('set k 0 0 1\0\r\nx\r\n', STORED),
  answers('set k 0 0 1 \0 z\r\nx\r\n', STORED),
  answers(`${'x'.repeat(2048)}\n`, ERROR),
  closes('x'.repeat(3000)),
  closes(`get a\r\n${'x'.repeat(3000)}`, END),
  closes(`${' '.repeat(101)}get ${'x'.repeat(3000)}`),
  answers(`${' '.repeat(100)}get ${words(600)}\r\n`, END),
  answers(`get ${words(1000)}\r\n`, END),
  answers(`get ${'x'.repeat(3000)}\r\n`, BAD_FORMAT),
  // As the first line of a connection, each of these would begin an HTTP request to a controller.
  closes('get a\r\nGET / HTTP/1.1\r\n', END),
  closes('get a\r\nPOST / HTTP/1.1\r\nhost: x\r\n\r\n', END),
  closes('get a\r\nDELETE / HTTP/1.1\r\n', END),
  closes('HTTP/\r\n'),
  answers('x HTTP/1.1\r\n', ERROR),
  answers('put HTTP/1.1 x\r\n', ERROR),
  answers('get / HTTP/1.1\r\n', END),
  answers('set foo bar HTTP/1.1\r\n', ERROR),
  answers('gut / HTTP/1.1\r\n', ERROR),
  answers('my HTTP/1.1\r\n', ERROR),
];

const RETRIEVAL: readonly ProtocolCase[] = [
  answers('get\r\n', ERROR),
  answers('get \r\n', ERROR),
  answers('gets\r\n', ERROR),
  answers('gat\r\n', ERROR),
  answers('gat 10\r\n', END),
  answers('gats 10\r\n', END),
  answers('gat 10 k\r\n', END),
  answers('gat -1 k\r\n', END),
  answers('gat abc\r\n', BAD_EXPTIME),
  answers('gat abc k\r\n', BAD_EXPTIME),
  answers(`gats x ${KEY_TOO_LONG}\r\n`, BAD_EXPTIME),
  answers(`gat 0 ${KEY_TOO_LONG}\r\n`, BAD_FORMAT),
  answers('get  a   b\r\n', END),
  answers('get a\tb\r\n', END),
  answers(`get ${KEY_LONGEST}\r\n`, END),
  answers(`get ${KEY_TOO_LONG}\r\n`, BAD_FORMAT),
  answers(`get a ${KEY_TOO_LONG}\r\n`, BAD_FORMAT),
  answers(`get ${words(22)}  \r\n`, END),
  answers(`get ${words(23)}\r\n`, END),
  answers(`get ${words(22)} ${KEY_TOO_LONG}\r\n`, BAD_FORMAT),
  answers(`get ${words(50)} ${KEY_TOO_LONG}\r\n`, BAD_FORMAT),
  answers('set a\x01b 0 0 1\r\nx\r\nget a\x01b\r\n', `${STORED}VALUE a\x01b 0 1\r\nx\r\nEND\r\n`),
  answers('set a\rb 0 0 1\r\nx\r\nget a\rb\r\n', `${STORED}VALUE a\rb 0 1\r\nx\r\nEND\r\n`),
  answers('set a\xffb 0 0 1\r\nx\r\nget a\xffb\r\n', `${STORED}VALUE a\xffb 0 1\r\nx\r\nEND\r\n`),
  answers('set k 0 0 1\r\nx\r\nget k k\r\n', `${STORED}VALUE k 0 1\r\nx\r\nVALUE k 0 1\r\nx\r\nEND\r\n`),
];

const STORAGE: readonly ProtocolCase[] = [
  answers('set\r\n', ERROR),
  answers('set k\r\n', ERROR),
  answers('set k 0 0\r\n', ERROR),
  answers('set k 0 0 1 noreply x\r\nx\r\n', ERROR + ERROR),
  answers('set k 0 0 1 x noreply\r\n', ERROR),
  answers('add k\r\n', ERROR),
  answers('replace k 0 0\r\n', ERROR),
  answers('prepend k 0 0 1 2 3\r\n', ERROR),
  answers('append k a b c\r\n', BAD_FORMAT),
  answers('set k 0 0 0\r\n\r\nget k\r\n', `${STORED}VALUE k 0 0\r\n\r\nEND\r\n`),
  answers('set k 0 0 1 noreply\r\nx\r\nget k\r\n', 'VALUE k 0 1\r\nx\r\nEND\r\n'),
  answers('set k 0 0 1 norep\r\nx\r\n', STORED),
  answers('set k 0 0 noreply\r\nx\r\n', ERROR),
  answers('add k 0 0 1\r\nx\r\nadd k 0 0 1\r\nx\r\n', `${STORED}NOT_STORED\r\n`),
  answers('replace k 0 0 1\r\nx\r\n', 'NOT_STORED\r\n'),
  answers('append k 0 0 1\r\nx\r\n', 'NOT_STORED\r\n'),
  answers('prepend k 0 0 1\r\nx\r\n', 'NOT_STORED\r\n'),
  answers(`set ${KEY_LONGEST} 0 0 1\r\nx\r\n`, STORED),
  answers(`set ${KEY_TOO_LONG} 0 0 1\r\nxx\r\n`, BAD_FORMAT + ERROR),
  answers(`set ${KEY_TOO_LONG} 0 0 1 noreply\r\nxx\r\n${PROBE}`, ERROR + END),
  answers('set k 0 0 -1\r\nx\r\n', BAD_FORMAT + ERROR),
  answers('set k 0 0 -1 noreply\r\nxx\r\n', ERROR),
  answers('set k 0 0 2147483646\r\n', BAD_FORMAT),
  answers('set k 0 0 2147483648\r\nxx\r\n', BAD_FORMAT + ERROR),
  answers('cas k 0 0 1\r\n', ERROR),
  answers('cas k 0 0 1 1 2 3\r\n', ERROR),
  answers('cas k 0 0 1 1\r\nx\r\n', NOT_FOUND),
  answers(`cas k 0 0 1 1 noreply\r\nx\r\n${PROBE}`, END),
  answers('cas k 0 0 1 noreply\r\nxx\r\n', ERROR),
  answers('cas k 0 0 1 -1\r\nxx\r\n', BAD_FORMAT + ERROR),
  answers('cas k 0 0 1 abc\r\nxx\r\n', BAD_FORMAT + ERROR),
  answers('cas k 0 0 1 18446744073709551615\r\nx\r\n', NOT_FOUND),
  answers('cas k 0 0 1 18446744073709551616\r\nxx\r\n', BAD_FORMAT + ERROR),
  answers('cas k 0 0 -1 abc\r\nxx\r\n', BAD_FORMAT + ERROR),
];

const CHUNKS: readonly ProtocolCase[] = [
  answers(`set k 0 0 3\r\nabcdef\r\n${PROBE}`, BAD_CHUNK + ERROR + END),
  answers(`set k 0 0 3\r\nabcdefgh\r\n${PROBE}`, BAD_CHUNK + ERROR + END),
  answers(`set k 0 0 3\r\nabcd\r\n${PROBE}`, BAD_CHUNK + ERROR + END),
  answers(`set k 0 0 3\r\nab\r\n${PROBE}`, BAD_CHUNK + ERROR),
  answers(`set k 0 0 3\r\nabc\n\n${PROBE}`, BAD_CHUNK + END),
  answers(`set k 0 0 3\r\nabcxx${PROBE}`, BAD_CHUNK + END),
  answers(`set k 0 0 3\r\nabc\n${PROBE}`, BAD_CHUNK + ERROR),
  answers(`set k 0 0 3 noreply\r\nabcde\r\n${PROBE}`, ERROR + END),
  answers(`set k 0 0 1 noreply\r\nxyz${PROBE}`, END),
  answers(`set k 0 0 ${VALUE_LARGEST}\r\n${'v'.repeat(VALUE_LARGEST)}\r\n`, STORED),
  answers(`set k 0 0 ${VALUE_LARGEST + 1}\r\n${'v'.repeat(VALUE_LARGEST + 1)}\r\n${PROBE}`, TOO_LARGE + END),
  answers(`set k 1 0 ${VALUE_LARGEST - 4}\r\n${'v'.repeat(VALUE_LARGEST - 4)}\r\n`, STORED),
  answers(`set k 1 0 ${VALUE_LARGEST - 3}\r\n${'v'.repeat(VALUE_LARGEST - 3)}\r\n`, TOO_LARGE),
  answers(`set k 0 0 1048576\r\n${'v'.repeat(1_048_576)}xx${PROBE}`, TOO_LARGE + END),
  answers(`set k 0 0 1048576 noreply\r\n${'v'.repeat(1_048_576)}\r\n${PROBE}`, END),
  answers(
    `set k 0 0 1\r\nx\r\nset k 0 0 1048576\r\n${'v'.repeat(1_048_576)}\r\nget k\r\n`,
    STORED + TOO_LARGE + END,
  ),
  answers(
    `set k 0 0 1\r\nx\r\nadd k 0 0 1048576\r\n${'v'.repeat(1_048_576)}\r\nget k\r\n`,
    `${STORED}${TOO_LARGE}VALUE k 0 1\r\nx\r\nEND\r\n`,
  ),
];

const NUMBERS: readonly ProtocolCase[] = [
  answers(setThenGet('a'), refused),
  answers(setThenGet('5x'), refused),
  answers(setThenGet('0x5'), refused),
  answers(setThenGet('-'), refused),
  answers(setThenGet('+'), refused),
  answers(setThenGet('+-5'), refused),
  answers(setThenGet('-1'), refused),
  answers(setThenGet('18446744073709551616'), refused),
  answers(setThenGet('18446744073709551615\t-'), refused),
  answers(setThenGet('\t'), refused),
  answers(setThenGet('+5'), found(5)),
  answers(setThenGet('0005'), found(5)),
  answers(setThenGet(`${'0'.repeat(30)}5`), found(5)),
  answers(setThenGet('\t5'), found(5)),
  answers(setThenGet('\x0b\x0c+5\tabc'), found(5)),
  answers(setThenGet('5\r'), found(5)),
  answers(setThenGet('-0'), found(0)),
  answers(setThenGet('4294967295'), found(4_294_967_295)),
  answers(setThenGet('4294967296'), found(0)),
  answers(setThenGet('4294967297'), found(1)),
  answers(setThenGet('18446744073709551615'), found(4_294_967_295)),
  answers(setThenGet('-18446744073709551615'), found(1)),
  answers(setThenGet('0', 'a'), refused),
  answers(setThenGet('0', '9223372036854775808'), refused),
  answers(setThenGet('0', '4294967296'), found(0)),
  answers(setThenGet('0', '-9223372036854775808'), found(0)),
  answers(setThenGet('0', '-1'), STORED + END),
  answers(setThenGet('0', '2147483648'), STORED + END),
  answers(setThenGet('0', '0', 'a'), refused),
  answers(setThenGet('0', '0', '+1'), found(0)),
  answers(setThenGet('0', '0', '4294967297'), found(0)),
];

const ARITHMETIC: readonly ProtocolCase[] = [
  answers('incr\r\n', ERROR),
  answers('incr k\r\n', ERROR),
  answers('incr k 1 2 3\r\n', ERROR),
  answers('decr k\r\n', ERROR),
  answers('incr k 1\r\n', NOT_FOUND),
  answers('incr k +1\r\n', NOT_FOUND),
  answers('incr k 1 2\r\n', NOT_FOUND),
  answers('incr k 18446744073709551615\r\n', NOT_FOUND),
  answers('incr k -18446744073709551615\r\n', NOT_FOUND),
  answers('incr k -1\r\n', BAD_DELTA),
  answers('incr k a\r\n', BAD_DELTA),
  answers('incr k 1x\r\n', BAD_DELTA),
  answers('decr k a\r\n', BAD_DELTA),
  answers('incr k 18446744073709551616\r\n', BAD_DELTA),
  answers('incr k 99999999999999999999999\r\n', BAD_DELTA),
  answers(`incr ${KEY_TOO_LONG} x\r\n`, BAD_FORMAT),
  answers(`incr k -1 noreply\r\n${PROBE}`, END),
  answers(`incr k noreply\r\n${PROBE}`, END),
  answers('set k 0 0 1\r\nx\r\nincr k a\r\n', STORED + BAD_DELTA),
  answers(
    'set k 0 0 1\r\nx\r\nincr k 1\r\n',
    `${STORED}CLIENT_ERROR cannot increment or decrement non-numeric value\r\n`,
  ),
  answers(
    'set k 0 0 2\r\n-5\r\nincr k 1\r\n',
    `${STORED}CLIENT_ERROR cannot increment or decrement non-numeric value\r\n`,
  ),
  answers('set k 0 0 2\r\n10\r\nincr k 5\r\ndecr k 20\r\n', `${STORED}15\r\n0\r\n`),
];

const OTHERS: readonly ProtocolCase[] = [
  answers('touch\r\n', ERROR),
  answers('touch k\r\n', ERROR),
  answers('touch k 0 1 2\r\n', ERROR),
  answers('touch k 0\r\n', NOT_FOUND),
  answers('touch k 0 1\r\n', NOT_FOUND),
  answers('touch k a\r\n', BAD_EXPTIME),
  answers(`touch k a noreply\r\n${PROBE}`, END),
  answers(`touch k noreply\r\n${PROBE}`, END),
  answers(`touch ${KEY_TOO_LONG} a\r\n`, BAD_FORMAT),
  answers('delete\r\n', ERROR),
  answers('delete k 0 noreply x\r\n', ERROR),
  answers('delete k\r\n', NOT_FOUND),
  answers('delete noreply\r\n', NOT_FOUND),
  answers('delete k 0\r\n', NOT_FOUND),
  answers('delete k 00\r\n', BAD_DELETE),
  answers('delete k 5\r\n', BAD_DELETE),
  answers('delete k 0 0\r\n', BAD_DELETE),
  answers('delete / HTTP/1.1\r\n', BAD_DELETE),
  answers(`delete ${KEY_TOO_LONG}\r\n`, BAD_FORMAT),
  answers(`delete ${KEY_TOO_LONG} 5\r\n`, BAD_DELETE),
  answers(`delete ${KEY_TOO_LONG} noreply\r\n${PROBE}`, END),
  answers(`delete k noreply\r\n${PROBE}`, END),
  answers(`delete k 0 noreply\r\n${PROBE}`, END),
  answers(`delete k 5 noreply\r\n${PROBE}`, END),
  answers(`delete k noreply noreply\r\n${PROBE}`, END),
  answers('flush_all\r\n', OK),
  answers('flush_all 0\r\n', OK),
  answers('flush_all 10\r\n', OK),
  answers('flush_all -1\r\n', OK),
  answers('flush_all 0 1\r\n', OK),
  answers('flush_all 0 1 2\r\n', ERROR),
  answers('flush_all abc\r\n', BAD_EXPTIME),
  answers('flush_all 0x\r\n', BAD_EXPTIME),
  answers('flush_all noreply 0\r\n', BAD_EXPTIME),
  answers(`flush_all noreply\r\n${PROBE}`, END),
  answers(`flush_all 0 noreply\r\n${PROBE}`, END),
  answers(`flush_all abc noreply\r\n${PROBE}`, END),
  answers(`flush_all noreply noreply\r\n${PROBE}`, END),
  answers('verbosity\r\n', ERROR),
  answers('verbosity 0 1 2\r\n', ERROR),
  answers('verbosity 0\r\n', OK),
  answers('verbosity 0 1\r\n', OK),
  answers('verbosity a\r\n', BAD_FORMAT),
  answers('verbosity -1\r\n', BAD_FORMAT),
  answers(`verbosity noreply\r\n${PROBE}`, END),
  answers(`verbosity 0 noreply\r\n${PROBE}`, END),
  answers(`verbosity a noreply\r\n${PROBE}`, END),
  answers('stats foo\r\n', ERROR),
  answers('stats noreply\r\n', ERROR),
  closes('quit\r\n'),
  closes(`quit x\r\n${PROBE}`),
  closes(`${PROBE}quit\r\n${PROBE}`, END),
];

export const PROTOCOL_CASES: readonly ProtocolCase[] = [
  ...LINES,
  ...RETRIEVAL,
  ...STORAGE,
  ...CHUNKS,
  ...NUMBERS,
  ...ARITHMETIC,
  ...OTHERS,
];
