import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One kind of greedy client, and the number of its connections. */
export interface Attack {
  readonly name: string;
  readonly connections: number;
  readonly request: () => Buffer;
  /** The client takes its replies; otherwise it reads nothing. */
  readonly reads: boolean;
  /** The client leaves after this many milliseconds; null: it stays until the end. */
  readonly leavesAfterMs: number | null;
}

/** Keys whose values have `LARGE_BYTES` each. */
export const LARGE_KEYS = Array.from({ length: 64 }, (_, at) => `large-${at}`);
export const LARGE_BYTES = 1_000_000;

const LINE_BYTES = 80_000;
const PIPELINED = 2_000;

const oneKeyAgainAndAgain = () => {
  const key = LARGE_KEYS[0]!;
  return Buffer.from(`get${` ${key}`.repeat(Math.floor(LINE_BYTES / (key.length + 1)))}\r\n`);
};

const allKeysAgainAndAgain = () => {
  const round = LARGE_KEYS.map((key) => ` ${key}`).join('');
  return Buffer.from(`get${round.repeat(Math.floor(LINE_BYTES / round.length))}\r\n`);
};

const pipelineOf = (one: (key: string) => Buffer) => () =>
  Buffer.concat(Array.from({ length: PIPELINED }, (_, at) => one(LARGE_KEYS[at % LARGE_KEYS.length]!)));

const metaGet = (key: string) => Buffer.from(`mg ${key} v\r\n`);

/** A `getkq`: a quiet get whose reply names the key. */
function binaryGet(key: string): Buffer {
  const packet = Buffer.alloc(24 + key.length);
  packet[0] = 0x80;
  packet[1] = 0x0d;
  packet.writeUInt16BE(key.length, 2);
  packet.writeUInt32BE(key.length, 8);
  packet.write(key, 24, 'latin1');
  return packet;
}

const STAYS = { reads: true, leavesAfterMs: null };
const LEAVES = { reads: true, leavesAfterMs: 500 };
const READS_NOTHING = { reads: false, leavesAfterMs: null };

export const ATTACKS: readonly Attack[] = [
  { name: 'nobody else', connections: 0, request: () => Buffer.alloc(0), ...STAYS },
  { name: 'one line, one key, leaves', connections: 1, request: oneKeyAgainAndAgain, ...LEAVES },
  { name: 'one line, 64 keys, leaves', connections: 1, request: allKeysAgainAndAgain, ...LEAVES },
  { name: '30 × one key, leave', connections: 30, request: oneKeyAgainAndAgain, ...LEAVES },
  { name: '30 × 64 keys, leave', connections: 30, request: allKeysAgainAndAgain, ...LEAVES },
  { name: '30 × 64 keys, read nothing', connections: 30, request: allKeysAgainAndAgain, ...READS_NOTHING },
  { name: '30 × 64 keys, taken', connections: 30, request: allKeysAgainAndAgain, ...STAYS },
  { name: '30 × mg, taken', connections: 30, request: pipelineOf(metaGet), ...STAYS },
  { name: '30 × mg, read nothing', connections: 30, request: pipelineOf(metaGet), ...READS_NOTHING },
  { name: '30 × getkq, taken', connections: 30, request: pipelineOf(binaryGet), ...STAYS },
  { name: '200 × getkq, read nothing', connections: 200, request: pipelineOf(binaryGet), ...READS_NOTHING },
];

/** @returns a function that ends the attack */
export async function begin(attack: Attack, port: number): Promise<() => void> {
  const request = attack.request();
  const sockets: Socket[] = [];
  for (let at = 0; at < attack.connections; at++) {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    if (attack.reads) socket.resume();
    else socket.pause();
    socket.write(request);
  }
  const end = () => {
    for (const socket of sockets) socket.destroy();
  };
  const { leavesAfterMs } = attack;
  if (leavesAfterMs !== null) void sleep(leavesAfterMs).then(end);
  return end;
}
