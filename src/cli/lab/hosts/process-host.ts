import { randomBytes } from 'node:crypto';
import { OperationError } from '../../failure.ts';
import type { TieRule } from '../engine/tie-rule.ts';
import type { Participant } from '../participants/frames.ts';
import type { ClientHandle, LabHost, ServerHandle } from './lab-host.ts';
import { LabRecord } from './lab-record.ts';
import { MemberProcess } from './member-process.ts';

/**
 * So many processes are started ahead. A process takes a tenth of a second to start, and a script that starts one after
 * the other would wait for each.
 */
const SPARES = 3;

/** Each server and client in a process of its own, linked by TCP. */
export class ProcessHost implements LabHost {
  readonly #record: LabRecord;
  readonly #token = randomBytes(16).toString('hex');
  readonly #running = new Set<MemberProcess>();
  readonly #spares: MemberProcess[] = [];
  readonly #dead: Participant[] = [];
  #isClosed = false;

  /** @param directory of the record by which `cleanup` finds the processes @throws OperationError */
  constructor(directory: string) {
    this.#record = new LabRecord(directory);
    this.#startSpares();
  }

  async startServer(self: Participant, tie: TieRule): Promise<ServerHandle> {
    const member = this.#take(self);
    const port = await member.ask('becomeServer', { self, tie, token: this.#token });
    return {
      port,
      link: (to) => member.ask('link', to),
      unlink: (other) => member.ask('unlink', other),
      exchange: (lives) => member.ask('exchange', lives),
      showServer: () => member.ask('showServer'),
      takeTrace: () => member.ask('takeTrace'),
      kill: () => this.#kill(member),
    };
  }

  async startClient(self: Participant): Promise<ClientHandle> {
    const member = this.#take(self);
    await member.ask('becomeClient', { self, token: this.#token });
    return {
      link: (to) => member.ask('link', to),
      unlink: (other) => member.ask('unlink', other),
      put: (life, key, value) => member.ask('put', life, key, value),
      get: (life, key) => member.ask('get', life, key),
      setLevel: (level) => member.ask('setLevel', level),
      setGuarantee: (guarantee, isOn) => member.ask('setGuarantee', guarantee, isOn),
      showSession: () => member.ask('showSession'),
      takeTrace: () => member.ask('takeTrace'),
      kill: () => this.#kill(member),
    };
  }

  /** Time is logical: nobody waits for it. */
  async pass(): Promise<void> {}

  takeDead(): readonly Participant[] {
    return this.#dead.splice(0);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#running].map((member) => member.kill()));
    this.#record.close();
  }

  #take(self: Participant): MemberProcess {
    let member = this.#spares.shift() ?? this.#start();
    // A spare that has ended meanwhile is of no use.
    while (member.hasEnded) member = this.#spares.shift() ?? this.#start();
    member.name(self);
    this.#startSpares();
    return member;
  }

  #startSpares(): void {
    while (!this.#isClosed && this.#spares.length < SPARES) this.#spares.push(this.#start());
  }

  /** @throws OperationError when the system starts no more processes */
  #start(): MemberProcess {
    const member = new MemberProcess((self) => {
      this.#forget(member);
      if (self !== null) this.#dead.push(self);
    });
    if (member.pid === undefined)
      throw new OperationError('CONTROLLER_NOT_STARTED', 'the system did not start a process for the lab');
    this.#running.add(member);
    this.#record.add(member.pid);
    return member;
  }

  async #kill(member: MemberProcess): Promise<void> {
    await member.kill();
    this.#forget(member);
  }

  #forget(member: MemberProcess): void {
    this.#running.delete(member);
    this.#record.remove(member.pid!);
  }
}
