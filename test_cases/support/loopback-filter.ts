import { spawnSync } from 'node:child_process';
import { atEnd } from './at-end.ts';

/**
 * Drops packets silently between loopback addresses of this machine, on connections to one port. The rules are in a
 * table of this process, which is removed at the end.
 */
export class LoopbackFilter {
  readonly #table = `filter${process.pid}x${filters++}`;
  readonly #port: number;
  readonly #ending: { callOff(): void };

  /** @throws when the system does not allow it */
  constructor(port: number) {
    this.#port = port;
    this.#ending = atEnd(() => nft(`delete table inet ${this.#table}`));
    nft(`add table inet ${this.#table}`);
    nft(`add chain inet ${this.#table} input { type filter hook input priority 0; }`);
  }

  /** Cuts each address of the one side off from each of the other, in both directions. */
  cut(one: readonly string[], other: readonly string[]): void {
    for (const a of one)
      for (const b of other)
        for (const [from, to] of [
          [a, b],
          [b, a],
        ])
          for (const side of ['sport', 'dport'])
            nft(
              `add rule inet ${this.#table} input ip saddr ${from} ip daddr ${to} tcp ${side} ${this.#port} drop`,
            );
  }

  heal(): void {
    nft(`flush chain inet ${this.#table} input`);
  }

  [Symbol.dispose](): void {
    this.#ending.callOff();
    nft(`delete table inet ${this.#table}`);
  }
}

let filters = 0;

/** The reason why this machine can't filter; null when it can. */
export function whyNoFilter(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  try {
    new LoopbackFilter(1)[Symbol.dispose]();
    return null;
  } catch {
    return 'needs nft, and to be allowed to use it';
  }
}

function nft(rule: string): void {
  const { status, stderr } = spawnSync('nft', [rule], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`nft ${rule}: ${stderr?.trim()}`);
}
