import { counterExtras, numbered, packet, u32 } from './binary-packets.ts';

/**
 * One case of the binary protocol, packet for packet as memcached 1.6.18 answers it. The cases were recorded from
 * memcached, and are replayed against memcached, the codec and a controller. Each case needs a fresh connection, an
 * empty store, and a server with the default item limit. The opaques number the packets; `shown` describes how an
 * answer is written here. Of a token, only its presence is shown.
 */
export interface BinaryCase {
  readonly name: string;
  readonly input: Buffer;
  readonly output: readonly string[];
  /** The server closes the connection after its output. */
  readonly closes: boolean;
}

export const answers = (name: string, packets: readonly Buffer[], output: readonly string[]): BinaryCase => ({
  name,
  input: numbered(packets),
  output,
  closes: false,
});
export const closes = (name: string, packets: readonly Buffer[], output: readonly string[]): BinaryCase => ({
  ...answers(name, packets, output),
  closes: true,
});

export const FLAGS_7 = u32(7, 0);
export const SOON = u32(100);
export const noop = () => packet(0x0a);

/** The packets of the cases, most of them about the key `k`. */
export const set = (key: string, value: string, cas = 0n) =>
  packet(0x01, { key, value, extras: FLAGS_7, cas });
export const get = (key: string) => packet(0x00, { key });
export const store = (opcode: number, value: string, cas = 0n) =>
  packet(opcode, { key: 'k', value, extras: FLAGS_7, cas });
export const join = (opcode: number, value: string, cas = 0n) => packet(opcode, { key: 'k', value, cas });
export const count = (opcode: number, delta: bigint, initial: bigint, exptime = 0, cas = 0n) =>
  packet(opcode, { key: 'k', extras: counterExtras(delta, initial, exptime), cas });
export const touch = (opcode: number, exptime = SOON) => packet(opcode, { key: 'k', extras: exptime });
export const stat = (key: string) => packet(0x10, { key });

/** The exptime of `increment` and `decrement` that forbids them to create the entry. */
export const FAIL_IF_MISSING = 0xffff_ffff;
