import { Connections } from './connections.ts';
import type { LabMessage, LabOutcome, Participant } from './frames.ts';
import { type Guarantee, LabSession, type SessionLevel, type SessionState } from './lab-session.ts';
import type { TracedMessage } from './trace-log.ts';
import type { WireRoom } from './wire.ts';

/** What the driver of a lab asks of a client. */
export interface ClientOrders {
  /** Links it to the server that listens on this port. */
  link(port: number): Promise<void>;
  unlink(other: Pick<Participant, 'kind' | 'life'>): Promise<void>;
  /** Of the server with this life. */
  put(life: number, key: string, value: string): Promise<LabOutcome>;
  get(life: number, key: string): Promise<LabOutcome>;
  setLevel(level: SessionLevel): Promise<void>;
  setGuarantee(guarantee: Guarantee, isOn: boolean): Promise<void>;
  showSession(): Promise<SessionState>;
  takeTrace(): Promise<readonly TracedMessage[]>;
}

export interface ClientSpec {
  readonly self: Participant;
  readonly token: string;
}

type Request =
  | Omit<Extract<LabMessage, { type: 'put' }>, 'number'>
  | Omit<Extract<LabMessage, { type: 'get' }>, 'number'>;

interface UnansweredRequest {
  readonly life: number;
  readonly answer: (outcome: LabOutcome) => void;
}

/** A client of a lab: its session, and its connections to the servers that it is linked to. */
export class LabClient implements ClientOrders {
  readonly #connections: Connections;
  readonly #self: Participant;
  readonly #session = new LabSession();
  readonly #unanswered = new Map<number, UnansweredRequest>();
  #lastRequest = 0;

  constructor({ self, token }: ClientSpec, room: WireRoom) {
    this.#self = self;
    this.#connections = new Connections({
      room,
      self,
      token,
      onMessage: (_, message) => this.#onMessage(message),
      onGone: (other) => this.#onGone(other),
    });
  }

  link(port: number): Promise<void> {
    return this.#connections.dial(port);
  }

  async unlink(other: Pick<Participant, 'kind' | 'life'>): Promise<void> {
    this.#connections.close(other);
  }

  async put(life: number, key: string, value: string): Promise<LabOutcome> {
    const { id: client, life: clientLife } = this.#self;
    const { writes: clientTime, lift: seen } = this.#session;
    const write = { client, clientLife, clientTime, value };
    const outcome = await this.#ask(life, { type: 'put', key, write, seen });
    if (outcome.kind === 'written') this.#session.onPut(key, outcome.vector);
    return outcome;
  }

  async get(life: number, key: string): Promise<LabOutcome> {
    const outcome = await this.#ask(life, { type: 'get', key, need: this.#session.needOf(key) });
    if (outcome.kind === 'value') this.#session.onValue(key, outcome.vector);
    return outcome;
  }

  async setLevel(level: SessionLevel): Promise<void> {
    this.#session.setLevel(level);
  }

  async setGuarantee(guarantee: Guarantee, isOn: boolean): Promise<void> {
    this.#session.setGuarantee(guarantee, isOn);
  }

  async showSession(): Promise<SessionState> {
    return this.#session.state;
  }

  async takeTrace(): Promise<readonly TracedMessage[]> {
    return this.#connections.takeTrace();
  }

  async kill(): Promise<void> {
    this.#connections.closeAll();
  }

  #ask(life: number, request: Request): Promise<LabOutcome> {
    const server = { kind: 'server', life } as const;
    if (!this.#connections.has(server)) return Promise.resolve(GONE);
    const number = ++this.#lastRequest;
    return new Promise((answer) => {
      this.#unanswered.set(number, { life, answer });
      this.#connections.send(server, { ...request, number });
    });
  }

  #onMessage(message: LabMessage): void {
    if (message.type !== 'answer') return;
    this.#unanswered.get(message.number)?.answer(message.outcome);
    this.#unanswered.delete(message.number);
  }

  /** Whether the server has carried out the requests that it has not answered is not known. */
  #onGone(other: Participant): void {
    for (const [number, { life, answer }] of this.#unanswered) {
      if (other.kind !== 'server' || other.life !== life) continue;
      this.#unanswered.delete(number);
      answer(GONE);
    }
  }
}

const GONE: LabOutcome = { kind: 'failed', reason: 'the server is gone' };
