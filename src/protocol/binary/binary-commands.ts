import type { BinaryCommand } from './binary-command.ts';
import * as make from './make-binary-request.ts';
import type { Packet } from './packet.ts';

/** The properties that most commands share. */
const PLAIN = {
  quiet: false,
  answersKey: false,
  answersValue: true,
  extrasBytes: [0],
  key: 'required',
  rest: 'none',
  replaces: false,
} as const satisfies Partial<BinaryCommand>;

const KEYLESS = { ...PLAIN, key: 'none' } as const;

/**
 * The one table of the binary protocol: which packets the decoder accepts under each opcode, which request it makes
 * of them, and how the encoder answers. It follows memcached 1.6.18, whose source is the only complete description
 * (proto_bin.c). It does not contain the opcodes that memcached does not know, such as `verbosity` and the range
 * commands.
 */
export const BINARY_COMMANDS: readonly BinaryCommand[] = [
  ...loudAndQuiet(0x00, 0x09, { ...PLAIN, name: 'get', makes: 'get', make: make.get }),
  ...loudAndQuiet(0x0c, 0x0d, { ...PLAIN, name: 'getk', makes: 'get', answersKey: true, make: make.get }),
  ...loudAndQuiet(0x1d, 0x1e, touching('gat')),
  ...loudAndQuiet(0x23, 0x24, { ...touching('gatk'), answersKey: true }),
  { ...touching('touch'), opcode: 0x1c, answersValue: false },
  ...loudAndQuiet(0x01, 0x11, { ...storing('set', 8), replaces: true, make: make.set }),
  ...loudAndQuiet(0x02, 0x12, { ...storing('add', 8), make: make.add }),
  ...loudAndQuiet(0x03, 0x13, { ...storing('replace', 8), make: make.replace }),
  ...loudAndQuiet(0x0e, 0x19, { ...storing('append', 0), make: make.append }),
  ...loudAndQuiet(0x0f, 0x1a, { ...storing('prepend', 0), make: make.prepend }),
  ...loudAndQuiet(0x04, 0x14, { ...PLAIN, name: 'delete', makes: 'delete', make: make.remove }),
  ...loudAndQuiet(0x05, 0x15, { ...counting('increment'), make: make.increment }),
  ...loudAndQuiet(0x06, 0x16, { ...counting('decrement'), make: make.decrement }),
  ...loudAndQuiet(0x08, 0x18, {
    ...KEYLESS,
    name: 'flush',
    makes: 'flush_all',
    extrasBytes: [0, 4],
    make: make.flush,
  }),
  ...loudAndQuiet(0x07, 0x17, { ...KEYLESS, name: 'quit', makes: 'quit', make: make.plain('quit') }),
  { ...KEYLESS, opcode: 0x0a, name: 'noop', makes: 'noop', make: make.plain('noop') },
  { ...KEYLESS, opcode: 0x0b, name: 'version', makes: 'version', make: make.plain('version') },
  {
    ...PLAIN,
    opcode: 0x10,
    name: 'stat',
    makes: 'stats',
    key: 'optional',
    rest: 'ignored',
    make: make.stat,
  },
  { ...KEYLESS, opcode: 0x20, name: 'sasl_list_mechs', makes: 'invalid', make: make.refused },
  { ...authenticating('sasl_auth'), opcode: 0x21 },
  { ...authenticating('sasl_step'), opcode: 0x22 },
];

const BY_OPCODE: readonly (BinaryCommand | undefined)[] = tableByOpcode();

export function commandOf(opcode: number): BinaryCommand | undefined {
  return BY_OPCODE[opcode];
}

/** False for a packet that memcached answers with `Invalid arguments` before it closes the connection. */
export function isWellFormed(packet: Packet, command: BinaryCommand): boolean {
  if (!command.extrasBytes.includes(packet.extrasBytes)) return false;
  if (command.key === 'required' && packet.keyBytes === 0) return false;
  if (command.key === 'none' && packet.keyBytes > 0) return false;
  return command.rest !== 'none' || packet.valueBytes === 0;
}

type Row = Omit<BinaryCommand, 'opcode'>;

function loudAndQuiet(loud: number, quiet: number, row: Row): [BinaryCommand, BinaryCommand] {
  return [
    { ...row, opcode: loud },
    { ...row, opcode: quiet, name: `${row.name}q`, quiet: true },
  ];
}

function touching(name: string): Row {
  return { ...PLAIN, name, makes: 'gat', extrasBytes: [4], rest: 'ignored', make: make.getAndTouch };
}

function storing(name: string, extrasBytes: number): Omit<Row, 'make'> {
  return { ...PLAIN, name, makes: 'storage', extrasBytes: [extrasBytes], rest: 'value' };
}

function counting(name: string): Omit<Row, 'make'> {
  return { ...PLAIN, name, makes: 'arithmetic', extrasBytes: [20] };
}

/** Controllers answer like a memcached without SASL: no mechanism is known. */
function authenticating(name: string): Row {
  return { ...PLAIN, name, makes: 'invalid', rest: 'swallowed', make: make.refused };
}

function tableByOpcode(): (BinaryCommand | undefined)[] {
  const table = new Array<BinaryCommand | undefined>(256).fill(undefined);
  for (const command of BINARY_COMMANDS) table[command.opcode] = command;
  return table;
}
