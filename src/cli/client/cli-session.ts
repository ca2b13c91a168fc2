import { parseAddress } from '../../base/address-text.ts';
import type { Address } from '../../controller/settings.ts';
import type { LevelsStatus, Status } from '../../controller/status/status.ts';
import type { Level } from '../../placement/level.ts';
import { hasSchemes } from '../../placement/placed-level.ts';
import { OperationError } from '../failure.ts';
import { formatAddress, sameAddress } from '../settings/address.ts';
import { CliConnection, ConnectionLost } from './cli-connection.ts';
import type { ReplyParts } from './text-reply-reader.ts';
import type { WireCommand } from './typed-command.ts';

/** Beyond the cluster's own deadline: then it is the controller that hangs, not the request. In milliseconds. */
const REPLY_MARGIN_MS = 4000;

type State =
  | { readonly phase: 'unconnected' }
  /** `done` is shared by a command that finds no connection and the search for the next controller. */
  | { readonly phase: 'connecting'; readonly done: Promise<void> }
  | { readonly phase: 'connected'; readonly connection: CliConnection }
  | { readonly phase: 'closed' };

/**
 * A user's connection to a cluster: to one controller at a time, and to the next one when that dies.
 *
 * A command is never sent a second time by itself: its first try may have taken effect.
 */
export class CliSession {
  readonly #candidates: Address[];
  readonly #replyTimeoutMs: number;
  readonly #movesOn: boolean;
  readonly #notice: (message: string) => void;
  #state: State = { phase: 'unconnected' };
  /** The last `level …` that a controller has taken: the next connection asks for the same. */
  #level: WireCommand | null = null;

  /**
   * @param candidates where to try, in this order
   * @param movesOn false: a lost connection is reported and not replaced
   * @param notice told, in words, whenever the connection is lost or moves
   */
  constructor(
    candidates: readonly Address[],
    requestTimeoutMs: number,
    movesOn: boolean,
    notice: (message: string) => void,
  ) {
    this.#candidates = [...candidates];
    this.#replyTimeoutMs = requestTimeoutMs + REPLY_MARGIN_MS;
    this.#movesOn = movesOn;
    this.#notice = notice;
  }

  /** Every controller that is known here. */
  get candidates(): readonly Address[] {
    return this.#candidates;
  }

  /** Null while there is no connection. */
  get address(): Address | null {
    return this.#state.phase === 'connected' ? this.#state.connection.address : null;
  }

  /** @throws OperationError when none of the candidates accepts */
  async connect(): Promise<void> {
    if (this.#state.phase === 'connecting') return this.#state.done;
    if (this.#state.phase !== 'unconnected') return;
    const done = this.#dialInTurn();
    this.#state = { phase: 'connecting', done };
    try {
      await done;
    } finally {
      this.#becomeUnconnected('connecting');
    }
  }

  async #dialInTurn(): Promise<void> {
    const failures: string[] = [];
    for (const candidate of this.#candidates) {
      try {
        const connection = await CliConnection.dial(candidate, (lost, reason) => this.#onLost(lost, reason));
        await this.#askForLevel(connection);
        return this.#becomeConnected(connection);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        failures.push(error.message);
      }
    }
    const hint = 'is the cluster running? ./startup.sh starts one';
    throw new OperationError('UNREACHABLE', `cannot connect: ${failures.join('; ')} (${hint})`);
  }

  /**
   * Finds out where to go when this controller dies: to its peers, as it names them. When it names none, the
   * configured ones will do if it is one of them; otherwise they are another cluster's.
   *
   * @returns what the controller said; null when it is none of ours
   */
  async learnPeers(configured: readonly Address[]): Promise<Status | null> {
    const status = await this.status();
    const own = this.address;
    if (status !== null) this.#addCandidates(peerAddressesOf(status));
    else if (configured.some((peer) => own !== null && sameAddress(peer, own)))
      this.#addCandidates(configured);
    return status;
  }

  #addCandidates(addresses: readonly Address[]): void {
    for (const address of addresses) {
      if (!this.#candidates.some((known) => sameAddress(known, address))) this.#candidates.push(address);
    }
  }

  /** @returns null when the connection was lost: the user has been told, and the session has moved on if it could */
  async run(command: WireCommand): Promise<ReplyParts | null> {
    await this.connect();
    if (this.#state.phase !== 'connected') return null;
    const { connection } = this.#state;
    try {
      const reply = await connection.request(command.bytes, command.reply, this.#replyTimeoutMs);
      if (command.title.startsWith('level ') && !reply.failed) this.#level = command;
      return reply;
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      const outcome = command.writes
        ? `the outcome of "${command.title}" is unknown: it may or may not have taken effect`
        : `"${command.title}" was not answered; ask again`;
      await this.#moveOn(connection, `${error.message}; ${outcome}`);
      return null;
    }
  }

  /** The cluster as the controller sees it; null when this is no controller, or not one of ours. */
  async status(): Promise<Status | null> {
    const bytes = Buffer.from('show json\r\n');
    const reply = await this.run({ bytes, reply: 'lines', writes: false, title: 'show json' });
    return reply === null ? null : statusOf(reply);
  }

  close(): void {
    if (this.#state.phase === 'connected') this.#state.connection.close();
    this.#state = { phase: 'closed' };
  }

  /** The level of a connection ends with it, and the user goes on. */
  async #askForLevel(connection: CliConnection): Promise<void> {
    if (this.#level === null) return;
    const { bytes, reply, title } = this.#level;
    const answer = await connection.request(bytes, reply, this.#replyTimeoutMs);
    if (answer.failed) this.#notice(`"${title}" is refused here: ${answer.parts.at(-1)?.toString()}`);
  }

  #becomeConnected(connection: CliConnection): void {
    if (this.#state.phase === 'closed') connection.close();
    else this.#state = { phase: 'connected', connection };
  }

  #becomeUnconnected(from: 'connecting' | 'connected'): void {
    if (this.#state.phase === from) this.#state = { phase: 'unconnected' };
  }

  #onLost(connection: CliConnection, { message }: ConnectionLost): void {
    if (this.#state.phase === 'connected' && this.#state.connection === connection)
      void this.#moveOn(connection, message);
  }

  /** The dead controller goes to the end of the line, and the next one that accepts is taken. */
  async #moveOn(lost: CliConnection, message: string): Promise<void> {
    this.#becomeUnconnected('connected');
    this.#notice(message);
    if (!this.#movesOn) return;
    const at = this.#candidates.findIndex((known) => sameAddress(known, lost.address));
    if (at >= 0) this.#candidates.push(...this.#candidates.splice(at, 1));
    try {
      await this.connect();
      if (this.address !== null) this.#notice(`now at ${formatAddress(this.address)}`);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      this.#notice(`${error.message}; the next command tries again`);
    }
  }
}

/** @returns null when the reply is not the answer to `show json` */
export function statusOf(reply: ReplyParts): Status | null {
  if (reply.failed || reply.parts.length !== 2) return null;
  try {
    const status = JSON.parse(reply.parts[0]!.toString('utf8')) as Status;
    return Array.isArray(status.peers) ? withKeyspaces(status) : null;
  } catch {
    return null;
  }
}

/** Release 0.2.0 has no keyspaces, shards or levels that change, and reports none of them. */
type ReportedStatus = Omit<Status, 'keyspaces' | 'levels' | 'shards'> &
  Partial<Pick<Status, 'keyspaces' | 'levels' | 'shards'>>;

function withKeyspaces(status: ReportedStatus): Status {
  const { level } = status;
  const configured = { prefix: '', level: level as Level };
  const scheme = hasSchemes(configured.level) ? 'broadcast' : null;
  const levels: LevelsStatus = status.levels ?? {
    epoch: 0,
    keyspaces: [{ name: 'default', prefix: '', level, scheme, configured }],
    removed: [],
    unaware: [],
    changing: false,
    move: null,
  };
  return { ...status, keyspaces: status.keyspaces ?? [], shards: status.shards ?? [], levels };
}

function peerAddressesOf(status: Status): Address[] {
  return status.peers.map((peer) => parseAddress(peer.address)).filter((address) => address !== null);
}
