import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { withCodeCache } from '../../locations.ts';
import type { Participant } from '../participants/frames.ts';
import { LabError } from '../roster.ts';
import { ParticipantGone } from './lab-host.ts';
import type { OrderName, ProcessAnswer, ProcessOrder, ProcessOrders } from './process-messages.ts';

const PROGRAM = join(import.meta.dirname, 'lab-process.ts');

/** A process that has not answered for so long stands still. It is killed, and counts as one that has ended. */
const ANSWER_TIMEOUT_MS = 60_000;

interface UnansweredOrder {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The process of one participant, as its driver sees it. It stands in a process group of its own, so that Ctrl-C on a
 * terminal reaches the driver alone.
 */
export class MemberProcess {
  readonly pid: number | undefined;
  readonly #child: ChildProcess;
  readonly #unanswered = new Map<number, UnansweredOrder>();
  readonly #ended: Promise<void>;
  #self: Participant | null = null;
  #lastOrder = 0;
  #isKilled = false;
  /** How it has ended; null while it runs. */
  #end: string | null = null;

  /** @param onDeath it has ended without having been killed */
  constructor(onDeath: (self: Participant | null) => void) {
    this.#child = spawn(process.execPath, [PROGRAM], {
      detached: true,
      env: withCodeCache(process.env),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.pid = this.#child.pid;
    this.#child.on('message', (answer: ProcessAnswer) => this.#onAnswer(answer));
    this.#ended = new Promise((resolve) => {
      const onEnd = (how: string): void => {
        if (this.#end !== null) return;
        this.#end = how;
        for (const { reject } of this.#unanswered.values()) reject(this.#gone());
        this.#unanswered.clear();
        if (!this.#isKilled) onDeath(this.#self);
        resolve();
      };
      this.#child.once('exit', (code, signal) => onEnd(`has ended (${signal ?? `exit code ${code}`})`));
      this.#child.on('error', (error) => onEnd(`cannot be reached: ${error.message}`));
    });
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** From now on it is this participant. */
  name(self: Participant): void {
    this.#self = self;
  }

  /** @throws ParticipantGone when the process has ended, LabError when it cannot carry out the order */
  ask<N extends OrderName>(name: N, ...words: Parameters<ProcessOrders[N]>): ReturnType<ProcessOrders[N]> {
    const number = ++this.#lastOrder;
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#end !== null) return reject(this.#gone());
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_TIMEOUT_MS);
      this.#unanswered.set(number, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      // A process that has just ended takes no more orders; its end is told in a moment.
      this.#child.send({ number, name, words } satisfies ProcessOrder, () => {});
    });
    return answer as ReturnType<ProcessOrders[N]>;
  }

  /** Ends it at once. Resolves when it is gone. */
  kill(): Promise<void> {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
    return this.#ended;
  }

  #gone(): Error {
    const nobody: Participant = { kind: 'server', id: 0, life: 0 };
    return new ParticipantGone(this.#self ?? nobody, this.#end ?? 'has ended');
  }

  #onAnswer(answer: ProcessAnswer): void {
    const order = this.#unanswered.get(answer.number);
    this.#unanswered.delete(answer.number);
    if ('failure' in answer) order?.reject(new LabError(answer.failure));
    else order?.resolve(answer.result);
  }
}
