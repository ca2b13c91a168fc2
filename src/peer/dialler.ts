import type { Random } from '../base/random.ts';
import type { Connection, ConnectionHandlers, NetworkAddress, Transport } from '../base/transport.ts';
import {
  type Agreement,
  agreementOf,
  agreementOnOne,
  LAST_WITHOUT_RANGE,
  prefaceIn,
  prefaceOf,
  prefaceOfOne,
  type VersionRange,
  versionRefusal,
} from './preface.ts';

export interface DiallerPorts {
  readonly versions: VersionRange;
  readonly transport: Transport;
  readonly address: NetworkAddress;
  readonly random: Random;
  /** Takes the connection over. `lost` is to be called when it has ended. @param early bytes behind the preface */
  readonly onConnected: (connection: Connection, agreement: Agreement, early: Buffer) => void;
  /** The two ends have no version in common. */
  readonly onRefused: (connection: Connection, reason: string) => void;
}

type Phase =
  | { readonly is: 'idle' }
  | { readonly is: 'dialling'; readonly connection: Connection; readonly timeout: NodeJS.Timeout }
  | { readonly is: 'connected' }
  | { readonly is: 'waiting'; readonly timer: NodeJS.Timeout }
  | { readonly is: 'stopped' };

const IDLE: Phase = { is: 'idle' };
const CONNECTED: Phase = { is: 'connected' };
const STOPPED: Phase = { is: 'stopped' };

/**
 * Calls one peer, again and again with growing, jittered waits, until both ends have said which versions they speak.
 *
 * Release 0.1.0 knows no ranges: it takes them for a command of memcached, and answers `ERROR`. The call after such an
 * answer names its version alone, and the one after that names the range again, since the peer may be newer by then.
 */
export class Dialler {
  readonly #ports: DiallerPorts;
  #phase: Phase = IDLE;
  /** Calls since the last link that held. */
  #attempts = 0;
  #namesRange = true;

  constructor(ports: DiallerPorts) {
    this.#ports = ports;
  }

  /** Calls until `rest` or `stop`. */
  start(): void {
    if (this.#phase.is === 'idle') this.#becomeDialling();
  }

  /** Calls no more until `start`. A connection that was handed over stays. */
  rest(): void {
    if (this.#phase.is === 'stopped') return;
    this.stop();
    this.#phase = IDLE;
    this.#attempts = 0;
  }

  /** The connection that was handed over has ended. */
  lost(): void {
    if (this.#phase.is === 'connected') this.#becomeWaiting();
  }

  /** The link holds: the next call is made soon after its end. */
  succeeded(): void {
    this.#attempts = 0;
  }

  stop(): void {
    const phase = this.#phase;
    this.#phase = STOPPED;
    if (phase.is === 'waiting') clearTimeout(phase.timer);
    if (phase.is !== 'dialling') return;
    clearTimeout(phase.timeout);
    phase.connection.destroy();
  }

  #becomeDialling(): void {
    const { transport, address } = this.#ports;
    const namesRange = this.#namesRange;
    this.#namesRange = true;
    const connection = transport.connect(address, this.#handlers(namesRange));
    const timeout = setTimeout(() => connection.destroy(), CONNECT_WITHIN_MS);
    this.#phase = { is: 'dialling', connection, timeout };
  }

  #becomeConnected(agreement: Agreement, early: Buffer): void {
    if (this.#phase.is !== 'dialling') return;
    const { connection, timeout } = this.#phase;
    clearTimeout(timeout);
    this.#phase = CONNECTED;
    this.#ports.onConnected(connection, agreement, early);
  }

  #becomeWaiting(): void {
    const longest = Math.min(REDIAL_MS_MAX, REDIAL_MS_FIRST * 2 ** this.#attempts);
    this.#attempts++;
    const ms = longest * (0.5 + 0.5 * this.#ports.random());
    this.#phase = { is: 'waiting', timer: setTimeout(() => this.#becomeDialling(), ms) };
  }

  #handlers(namesRange: boolean): ConnectionHandlers {
    let first: Buffer = NOTHING;
    return {
      onConnect: () => {
        if (this.#phase.is !== 'dialling') return;
        this.#phase.connection.write(
          namesRange ? prefaceOf(this.#ports.versions) : prefaceOfOne(LAST_WITHOUT_RANGE),
        );
        if (!namesRange) this.#becomeConnected(agreementOnOne(LAST_WITHOUT_RANGE), NOTHING);
      },
      onData: (chunk) => {
        first = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
        this.#onFirst(first);
      },
      onEnd: () => this.#giveUp(),
      onError: ignore,
      onClose: () => {
        if (this.#phase.is !== 'dialling') return;
        clearTimeout(this.#phase.timeout);
        this.#becomeWaiting();
      },
    };
  }

  /** The called end has answered the range. */
  #onFirst(first: Buffer): void {
    const preface = prefaceIn(first);
    if (preface.kind === 'partial') return;
    if (preface.kind === 'none') {
      this.#namesRange = this.#ports.versions.min > LAST_WITHOUT_RANGE;
      return this.#giveUp();
    }
    const agreement = agreementOf(this.#ports.versions, preface.versions);
    if (agreement !== null) return this.#becomeConnected(agreement, first.subarray(preface.length));
    if (this.#phase.is === 'dialling') {
      this.#ports.onRefused(this.#phase.connection, versionRefusal(preface.versions, this.#ports.versions));
    }
    this.#giveUp();
  }

  #giveUp(): void {
    if (this.#phase.is === 'dialling') this.#phase.connection.destroy();
  }
}

/** A connection must be made, and its preface answered, within this time. */
const CONNECT_WITHIN_MS = 2_000;

/** Waits between two calls: from, doubling, to; each is shortened by up to a half at random. */
const REDIAL_MS_FIRST = 25;
const REDIAL_MS_MAX = 1_000;

const NOTHING = Buffer.alloc(0);

function ignore(): void {}
