import { decodeFrame, encodeFrame, type LabMessage, type Participant } from './frames.ts';
import { type TracedMessage, TraceLog } from './trace-log.ts';
import type { Wire, WireHandlers, WireRoom } from './wire.ts';

export interface ConnectionsPorts {
  readonly room: WireRoom;
  /** Whose connections these are. */
  readonly self: Participant;
  /** The lab's: an end that does not say it is refused. */
  readonly token: string;
  readonly onMessage: (from: Participant, message: LabMessage) => void;
  readonly onGone: (other: Participant) => void;
}

/** One connection. */
interface LinkEnd {
  readonly wire: Wire;
  /** Null before the first words of the other end. */
  other: Participant | null;
  /** Told of them, or of an end before them. Null where this end was dialled. */
  readonly onHello: ((outcome: Error | null) => void) | null;
}

/** The connections of one participant, by whom they lead to. Each end says first who it is. */
export class Connections {
  readonly #ports: ConnectionsPorts;
  readonly #open = new Map<string, LinkEnd>();
  readonly #trace = new TraceLog();

  constructor(ports: ConnectionsPorts) {
    this.#ports = ports;
  }

  /** @returns the port */
  listen(): Promise<number> {
    return this.#ports.room.listen((wire) => this.#handlersOf({ wire, other: null, onHello: null }));
  }

  /** Connects to whom listens on this port. Resolves once both ends know of it. @throws when nothing answers */
  async dial(port: number): Promise<void> {
    let link: LinkEnd | null = null;
    const handlers: WireHandlers = {
      onFrame: (frame) => this.#onFrame(link!, frame),
      onClosed: () => this.#onClosed(link!),
    };
    const wire = await this.#ports.room.dial(port, handlers);
    await new Promise<void>((resolve, reject) => {
      const onHello = (error: Error | null): void => (error === null ? resolve() : reject(error));
      link = { wire, other: null, onHello };
      this.#sendOn(wire, this.#hello);
    });
  }

  has(other: Pick<Participant, 'kind' | 'life'>): boolean {
    return this.#open.has(nameOf(other));
  }

  /** A message to whom no connection leads is lost. */
  send(other: Pick<Participant, 'kind' | 'life'>, message: LabMessage): void {
    const link = this.#open.get(nameOf(other));
    if (link !== undefined) this.#sendOn(link.wire, message);
  }

  close(other: Pick<Participant, 'kind' | 'life'>): void {
    const link = this.#open.get(nameOf(other));
    if (link === undefined) return;
    this.#forget(link);
    link.wire.close();
  }

  closeAll(): void {
    for (const link of [...this.#open.values()]) {
      this.#forget(link);
      link.wire.close();
    }
  }

  /** The messages that have arrived since this was last called. */
  takeTrace(): readonly TracedMessage[] {
    return this.#trace.take();
  }

  get #hello(): LabMessage {
    return { type: 'hello', token: this.#ports.token, from: this.#ports.self };
  }

  #sendOn(wire: Wire, message: LabMessage): void {
    wire.send(encodeFrame(this.#ports.room.nowMs(), message));
  }

  #handlersOf(link: LinkEnd): WireHandlers {
    return { onFrame: (frame) => this.#onFrame(link, frame), onClosed: () => this.#onClosed(link) };
  }

  /** Another program that has found the port says nothing that can be understood, and is left. */
  #onFrame(link: LinkEnd, frame: Buffer): void {
    const { room, self, onMessage } = this.#ports;
    let sent: ReturnType<typeof decodeFrame>;
    try {
      sent = decodeFrame(frame);
    } catch (error) {
      if (link.other !== null) throw error;
      return link.wire.close();
    }
    if (link.other === null) return this.#onHello(link, sent.message);
    // What came after this end had closed the connection is lost.
    if (this.#open.get(nameOf(link.other)) !== link) return;
    this.#trace.add(link.other, self, room.nowMs(), sent);
    onMessage(link.other, sent.message);
  }

  #onHello(link: LinkEnd, message: LabMessage): void {
    if (message.type !== 'hello' || message.token !== this.#ports.token) return link.wire.close();
    link.other = message.from;
    this.#open.set(nameOf(message.from), link);
    if (link.onHello === null) return this.#sendOn(link.wire, this.#hello);
    link.onHello(null);
  }

  #onClosed(link: LinkEnd): void {
    if (link.other === null) link.onHello?.(new Error('the other end closed the connection'));
    else if (this.#open.get(nameOf(link.other)) === link) this.#forget(link);
  }

  #forget(link: LinkEnd): void {
    this.#open.delete(nameOf(link.other!));
    this.#ports.onGone(link.other!);
  }
}

function nameOf({ kind, life }: Pick<Participant, 'kind' | 'life'>): string {
  return `${kind} ${life}`;
}
