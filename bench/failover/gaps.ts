import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../test_cases/support/cluster.ts';
import { AnswerError, type TextClient } from '../../test_cases/support/text-client.ts';

/**
 * The pause between an answer and the next question of a client, in milliseconds: the shortest gap that can
 * be seen.
 */
const INTERVAL_MS = 4;

/** What clients of the surviving controllers ask all the time, each on its own connection. */
const ASKED = {
  /** Writes a key that only this client writes. */
  writes: async (client, id, turn) => (await client.set(`busy-${id}`, `${turn}`)) === 'STORED',
  /** Reads a key that no client writes. */
  reads: async (client) => (await client.get('quiet')) !== null,
  /** Reads a key that another client writes, so that a strong read waits for writes under way. */
  'reads of a key in use': async (client, id) => (await client.get(`busy-${id}`)) !== null,
} satisfies Record<string, (client: TextClient, id: number, turn: number) => Promise<boolean>>;

export type Asked = keyof typeof ASKED;

export const ASKED_NAMES = Object.keys(ASKED) as Asked[];

/** Light load on some controllers, and the times at which it was answered. */
export class Gaps {
  readonly #answeredAt: { readonly asked: Asked; readonly times: number[] }[] = [];
  readonly #tasks: Promise<void>[] = [];
  #stopping = false;

  /** @param ids the controllers that survive */
  static async start(cluster: Cluster, ids: readonly number[]): Promise<Gaps> {
    const gaps = new Gaps();
    for (const id of ids) {
      using first = await cluster.client(id);
      await first.set('quiet', 'x');
      await first.set(`busy-${id}`, '0');
      for (const asked of ASKED_NAMES) gaps.#tasks.push(gaps.#ask(asked, await cluster.client(id), id));
    }
    return gaps;
  }

  /**
   * @returns the longest time without an answer to any one client that overlaps this span, in milliseconds
   */
  longest(asked: Asked, fromMs: number, untilMs: number): number {
    const all = this.#answeredAt.filter((one) => one.asked === asked).map(({ times }) => times);
    return Math.max(...all.map((times) => longestGap(times, fromMs, untilMs)));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#tasks);
  }

  async #ask(asked: Asked, client: TextClient, id: number): Promise<void> {
    const times: number[] = [];
    this.#answeredAt.push({ asked, times });
    for (let turn = 0; !this.#stopping; turn++) {
      if (await isAnswered(ASKED[asked](client, id, turn))) times.push(performance.now());
      await sleep(INTERVAL_MS);
    }
    client.close();
  }
}

/** Whether an answer came; an error does not count as one. */
async function isAnswered(answer: Promise<boolean>): Promise<boolean> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AnswerError) return false;
    throw error;
  }
}

function longestGap(times: readonly number[], fromMs: number, untilMs: number): number {
  let longest = 0;
  for (let i = 1; i < times.length; i++) {
    const [begin, end] = [times[i - 1]!, times[i]!];
    if (end > fromMs && begin < untilMs) longest = Math.max(longest, end - begin);
  }
  return longest;
}
