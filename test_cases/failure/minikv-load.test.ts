import { afterEach, describe, expect, it } from 'vitest';
import { MiniKvChain } from '../support/minikv-chain.ts';
import { type ClientRun, miniKvClient, SILENT_SUCCESS } from '../support/minikv-client.ts';

/** Clients of one node at once, each with keys of its own. */
const CLIENTS = 10;

/** Keys of each client. Each request has to be answered within 2 s, which is the bound of the client itself. */
const KEYS = 200;

const chain = new MiniKvChain();

afterEach(() => chain.killAll());

/** All keys, in disjoint ranges, by ten processes at once for each of the nodes. */
function clientsOf(nodes: readonly number[], mode: string, prefix: string): Promise<readonly ClientRun[]> {
  const runs = nodes.flatMap((node) =>
    Array.from({ length: CLIENTS }, (_, at) =>
      miniKvClient(
        mode,
        `--server-address=127.0.0.1:${8080 + node}`,
        `--key-offset=${at * KEYS}`,
        `--key-range=${KEYS}`,
        `--value-prefix=${prefix}`,
      ),
    ),
  );
  return Promise.all(runs);
}

/** The runs that were not silent, or did not succeed. */
async function failuresOf(runs: Promise<readonly ClientRun[]>): Promise<readonly ClientRun[]> {
  const isWell = ({ code, printed, failure }: ClientRun) =>
    code === 0 && printed === SILENT_SUCCESS.printed && failure === SILENT_SUCCESS.failure;
  return (await runs).filter((run) => !isWell(run));
}

describe('a chain of MiniKV under the load of many clients', () => {
  it.each([1, 5])('of %i: ten fill it at once, and ten for each node find all values', async (length) => {
    const nodes = Array.from({ length }, (_, index) => index);
    chain.startAll(length);
    await chain.allServed();
    // The second time, the other values have to win everywhere.
    for (const prefix of ['first', 'second']) {
      expect(await failuresOf(clientsOf([0], 'fill', prefix))).toEqual([]);
      expect(await failuresOf(clientsOf(nodes, 'check-values', prefix))).toEqual([]);
    }
  });
});
