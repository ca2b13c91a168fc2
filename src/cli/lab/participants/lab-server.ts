import type { GroupMessage } from '../../../replication/messages.ts';
import { type Counters, covers } from '../engine/counters.ts';
import { LabReplica } from '../engine/lab-replica.ts';
import type { LoggedWrite } from '../engine/lab-write.ts';
import type { TieRule } from '../engine/tie-rule.ts';
import { Connections } from './connections.ts';
import type { LabMessage, LabOutcome, Participant } from './frames.ts';
import type { TracedMessage } from './trace-log.ts';
import type { WireRoom } from './wire.ts';

/** What a server shows of itself. */
export interface ServerState {
  readonly counter: number;
  readonly vector: Counters;
  /** The writes that have not been overwritten, in no order. */
  readonly log: readonly LoggedWrite[];
}

/** What the driver of a lab asks of a server. */
export interface ServerOrders {
  /** Links it to the participant that listens on this port. */
  link(port: number): Promise<void>;
  unlink(other: Pick<Participant, 'kind' | 'life'>): Promise<void>;
  /** Fetches from these servers, all at once, what is missing here. @returns the vector after it */
  exchange(lives: readonly number[]): Promise<Counters>;
  showServer(): Promise<ServerState>;
  takeTrace(): Promise<readonly TracedMessage[]>;
}

export interface ServerSpec {
  readonly self: Participant;
  readonly tie: TieRule;
  readonly token: string;
}

/** A server of a lab: it answers clients from its replica, and exchanges with linked servers when it is told to. */
export class LabServer implements ServerOrders {
  readonly #connections: Connections;
  readonly #replica: LabReplica;

  constructor({ self, tie, token }: ServerSpec, room: WireRoom) {
    this.#connections = new Connections({
      room,
      self,
      token,
      onMessage: (from, message) => this.#onMessage(from, message),
      onGone: (other) => {
        if (other.kind === 'server') this.#replica.onUnlinked(other.life);
      },
    });
    this.#replica = new LabReplica({
      life: self.life,
      id: self.id,
      tie,
      send: (life, message) => this.#connections.send({ kind: 'server', life }, { type: 'engine', message }),
      isLinked: (life) => this.#connections.has({ kind: 'server', life }),
    });
  }

  /** @returns the port */
  listen(): Promise<number> {
    return this.#connections.listen();
  }

  link(port: number): Promise<void> {
    return this.#connections.dial(port);
  }

  async unlink(other: Pick<Participant, 'kind' | 'life'>): Promise<void> {
    this.#connections.close(other);
  }

  async exchange(lives: readonly number[]): Promise<Counters> {
    await Promise.all(lives.map((life) => this.#replica.exchange(life)));
    return this.#replica.vector;
  }

  async showServer(): Promise<ServerState> {
    const { counter, vector } = this.#replica;
    return { counter, vector, log: await this.#replica.log() };
  }

  async takeTrace(): Promise<readonly TracedMessage[]> {
    return this.#connections.takeTrace();
  }

  /** Ends it as a kill does: nothing more is sent. */
  kill(): Promise<void> {
    this.#connections.closeAll();
    return this.#replica.close();
  }

  #onMessage(from: Participant, message: LabMessage): void {
    if (message.type === 'engine') this.#onEngineMessage(from, message.message);
    else if (message.type === 'put' || message.type === 'get') void this.#answer(from, message);
  }

  #onEngineMessage(from: Participant, message: GroupMessage): void {
    if (from.kind === 'server') this.#replica.onMessage(from.life, message);
  }

  async #answer(from: Participant, request: Extract<LabMessage, { type: 'put' | 'get' }>): Promise<void> {
    let outcome: LabOutcome;
    try {
      outcome = request.type === 'put' ? await this.#put(request) : await this.#get(request);
    } catch (error) {
      outcome = { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
    }
    this.#connections.send(from, { type: 'answer', number: request.number, outcome });
  }

  async #put({ key, write, seen }: Extract<LabMessage, { type: 'put' }>): Promise<LabOutcome> {
    const acceptTime = await this.#replica.put(key, write, seen);
    return { kind: 'written', vector: this.#replica.vector, acceptTime };
  }

  /** The need is checked first, and a value only matters where everything that it asks for is here. */
  async #get({ key, need }: Extract<LabMessage, { type: 'get' }>): Promise<LabOutcome> {
    if (!covers(this.#replica.vector, need)) return { kind: 'ERR_DEP' };
    const write = await this.#replica.get(key);
    if (write === null) return { kind: 'ERR_KEY' };
    return { kind: 'value', vector: this.#replica.vector, value: write.value };
  }
}
