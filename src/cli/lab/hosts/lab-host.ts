import type { TieRule } from '../engine/tie-rule.ts';
import type { Participant } from '../participants/frames.ts';
import type { ClientOrders } from '../participants/lab-client.ts';
import type { ServerOrders } from '../participants/lab-server.ts';

export interface ServerHandle extends ServerOrders {
  /** Where it listens. */
  readonly port: number;
  /** Ends it at once. Resolves when it is gone. */
  kill(): Promise<void>;
}

export interface ClientHandle extends ClientOrders {
  kill(): Promise<void>;
}

/** A participant has ended without having been killed. From then on `takeDead` names it. */
export class ParticipantGone extends Error {
  constructor({ kind, id }: Participant, how: string) {
    super(`${kind} ${id} ${how}`);
    this.name = 'ParticipantGone';
  }
}

/** Runs the servers and clients of a lab, each in a process of its own or all in this one. */
export interface LabHost {
  /** Resolves once it can be linked. */
  startServer(self: Participant, tie: TieRule): Promise<ServerHandle>;
  startClient(self: Participant): Promise<ClientHandle>;

  /** Lets time pass, in milliseconds. */
  pass(ms: number): Promise<void>;

  /** The participants that have ended without having been killed, since this was last called. */
  takeDead(): readonly Participant[];

  /** Ends all of them, at once. */
  close(): Promise<void>;
}
