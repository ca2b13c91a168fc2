import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { TextClient } from './text-client.ts';

/** One step of a session: bytes in one of the protocols. `<token>` stands for the current token of the key `a`. */
export interface Step {
  readonly name: string;
  readonly protocol: 'text' | 'binary';
  readonly bytes: (token: string) => Buffer;
}

const MARK = 'mn\r\n';
const MARK_ANSWER = Buffer.from('MN\r\n');
const NOOP = packet(0x0a, '');
const NOOP_ANSWER = Buffer.from([0x81, 0x0a, ...Array<number>(22).fill(0)]);

/** Sends steps to one server, and reports by how much each step changes the server's statistics. */
export class CountedSession {
  readonly #watcher: TextClient;
  readonly #sockets: Readonly<Record<Step['protocol'], Socket>>;

  private constructor(watcher: TextClient, text: Socket, binary: Socket) {
    this.#watcher = watcher;
    this.#sockets = { text, binary };
  }

  static async connect(port: number): Promise<CountedSession> {
    const sockets = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')] as const;
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const session = new CountedSession(await TextClient.connect(port), ...sockets);
    // A controller counts a connection as one of a client only after its first bytes.
    for (const protocol of ['text', 'binary'] as const) await session.#carryOut(SILENCE[protocol], '');
    return session;
  }

  /** @returns the figures of these names that have changed, and by how much */
  async deltas(step: Step, names: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const token = (await this.#watcher.find('a'))?.cas ?? '1';
    const before = await this.#watcher.stats();
    await this.#carryOut(step, token);
    const after = await this.#watcher.stats();
    const moved = names.map((name) => [name, Number(after.get(name)) - Number(before.get(name))] as const);
    return Object.fromEntries(moved.filter(([, delta]) => delta !== 0));
  }

  close(): void {
    this.#watcher.close();
    for (const socket of Object.values(this.#sockets)) socket.destroy();
  }

  async #carryOut({ protocol, bytes }: Step, token: string): Promise<void> {
    const socket = this.#sockets[protocol];
    const [mark, markAnswer] = protocol === 'text' ? [MARK, MARK_ANSWER] : [NOOP, NOOP_ANSWER];
    let received = Buffer.alloc(0);
    socket.write(Buffer.concat([bytes(token), Buffer.from(mark)]));
    while (!received.subarray(-markAnswer.length).equals(markAnswer)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
  }
}

/** @param words a line as it is sent, values included; the last line end is added */
export function text(words: string): Step {
  const bytes = (token: string) => Buffer.from(`${words.replace('<token>', token)}\r\n`);
  return { name: words.slice(0, 60).replaceAll('\r\n', ' '), protocol: 'text', bytes };
}

const SILENCE: Readonly<Record<Step['protocol'], Step>> = {
  text: { name: '', protocol: 'text', bytes: () => Buffer.alloc(0) },
  binary: { name: '', protocol: 'binary', bytes: () => Buffer.alloc(0) },
};

export interface PacketParts {
  readonly extras?: Buffer;
  readonly value?: string;
  readonly cas?: bigint;
}

export function binary(name: string, opcode: number, key = '', parts: PacketParts = {}): Step {
  return { name: `binary ${name}`, protocol: 'binary', bytes: () => packet(opcode, key, parts) };
}

function packet(
  opcode: number,
  key: string,
  { extras = Buffer.alloc(0), value = '', cas = 0n }: PacketParts = {},
) {
  const header = Buffer.alloc(24);
  header[0] = 0x80;
  header[1] = opcode;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header.writeUInt32BE(extras.length + key.length + value.length, 8);
  header.writeBigUInt64BE(cas, 16);
  return Buffer.concat([header, extras, Buffer.from(key + value)]);
}
