import type { Admission as Admitted } from '../../dialects/view-change/change/participant.ts';

export type ClientRequestKind = 'read' | 'write' | 'other';

/** A request that waits for so long is answered that it can not be served, in milliseconds. */
const WAITS_MS = 4_000;

/** Which requests of clients are let through, and which are under way. */
export class RequestAdmission {
  #admitted: Admitted = 'all';
  readonly #underWay = { read: 0, write: 0, other: 0 };
  readonly #waiting = new Set<{
    readonly kind: ClientRequestKind;
    readonly go: (isAdmitted: boolean) => void;
  }>();
  #onIdle: (() => void)[] = [];

  /** @returns whether the request is let through now. The caller then says when it is over */
  async enter(kind: ClientRequestKind): Promise<boolean> {
    if (!this.#isAdmitted(kind) && !(await this.#wait(kind))) return false;
    this.#underWay[kind]++;
    return true;
  }

  leave(kind: ClientRequestKind): void {
    this.#underWay[kind]--;
    this.#tellIdle();
  }

  /** Resolves once no request is under way that would not be let through. */
  admit(admitted: Admitted): Promise<void> {
    this.#admitted = admitted;
    for (const one of [...this.#waiting])
      if (this.#isAdmitted(one.kind)) {
        this.#waiting.delete(one);
        one.go(true);
      }
    const idle = new Promise<void>((resolve) => this.#onIdle.push(resolve));
    this.#tellIdle();
    return idle;
  }

  #tellIdle(): void {
    if (!this.#isIdle()) return;
    for (const done of this.#onIdle) done();
    this.#onIdle = [];
  }

  #isAdmitted(kind: ClientRequestKind): boolean {
    return kind === 'other' || this.#admitted === 'all' || (this.#admitted === 'reads' && kind === 'read');
  }

  #isIdle(): boolean {
    return (['read', 'write'] as const).every((kind) => this.#isAdmitted(kind) || this.#underWay[kind] === 0);
  }

  #wait(kind: ClientRequestKind): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => {
      this.#waiting.delete(waiting);
      resolve(false);
    }, WAITS_MS);
    const waiting = {
      kind,
      go: (isAdmitted: boolean) => {
        clearTimeout(timer);
        resolve(isAdmitted);
      },
    };
    this.#waiting.add(waiting);
    return promise;
  }
}
