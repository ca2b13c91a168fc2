import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Applicant, ChainIdentity, ChainPlace } from '../../dialects/minikv/chain-places.ts';
import { httpPortOf, nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { HttpProblem } from '../../http/problems.ts';
import { EarlyTransport } from '../../transport/early-transport.ts';
import { EXIT_OK } from '../failure.ts';
import { CALLING_TRANSPORT } from './calling-transport.ts';
import { Joining, placeAhead } from './joining.ts';
import type { ChainOptions } from './node-options.ts';
import { openPort } from './open-port.ts';

/** A client whose request waits for this node to join is told so after this time: it waits 2 s itself. */
const ANSWERED_WITHIN_MS = 1_800;

const JSON_TYPE = 'application/json; charset=utf-8';

/** Runs a node of a chain until SIGINT or SIGTERM. @returns the exit code @throws OperationError */
export async function runChainNode(options: ChainOptions, portsWithinMs: number): Promise<number> {
  const { index, predecessor, logLevel } = options;
  const transport = new EarlyTransport(CALLING_TRANSPORT, portsWithinMs);
  const joining = new Joining(index);
  await openPort(transport, httpPortOf(index), '::1', {
    afterMs: ANSWERED_WITHIN_MS,
    answer: () => new HttpProblem('NOT_VOTING', joining.waitsFor).lastAnswerAs(JSON_TYPE),
  });
  // Nodes that are to follow this one wait there.
  await openPort(transport, nodePortOf(index), null);
  const connecting = predecessor === null ? '' : `Connecting to predecessor with id=${predecessor}\n`;
  process.stdout.write(
    `Started MiniKV node with id=${index} (chain replication)\n${connecting}Waiting for Ctrl+C\n`,
  );
  const loading = load();
  const { chain, place } =
    predecessor === null
      ? { chain: newChain(index), place: null }
      : placed(await unlessStopped(joining.placeBehind(predecessor)));
  if (chain === null) {
    transport.close();
    return EXIT_OK;
  }
  const { runController, miniKvChain, founderSettings, joiningSettings } = await loading;
  const settings =
    place === null ? founderSettings(chain, logLevel) : joiningSettings(index, place, logLevel);
  const askAhead = (applicant: Applicant) => placeAhead(predecessor!, applicant);
  return runController(settings, null, {
    greeting: null,
    console: process.stderr,
    transport,
    loadHttp: miniKvChain({ ...chain, askAhead: place === null ? null : askAhead }),
    ...(place !== null && { mustEnd: joining.voteIn(place) }),
  });
}

function placed(place: ChainPlace | null) {
  return { chain: place, place };
}

/** Loaded while this node waits for its place. */
async function load() {
  const [{ runController }, { miniKvChain }, settings] = await Promise.all([
    import('../process/run-controller.ts'),
    import('../../dialects/minikv/minikv-interface.ts'),
    import('./node-settings.ts'),
  ]);
  return { runController, miniKvChain, ...settings };
}

/** Two heads never found the same cluster, so no node of one chain takes one of another for its own. */
function newChain(index: number): ChainIdentity {
  return { cluster: `minikv-${randomBytes(6).toString('hex')}`, founder: index };
}

/** @returns null when SIGINT or SIGTERM comes first */
async function unlessStopped<T>(action: Promise<T>): Promise<T | null> {
  const over = new AbortController();
  const stopped = ['SIGINT', 'SIGTERM'].map((name) => once(process, name, { signal: over.signal }));
  try {
    return await Promise.race([action, ...stopped.map((one) => one.then(() => null))]);
  } finally {
    over.abort();
    await Promise.allSettled(stopped);
  }
}
