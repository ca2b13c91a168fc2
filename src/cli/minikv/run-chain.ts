import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Applicant, ChainIdentity } from '../../dialects/minikv/chain-places.ts';
import { CLIENT_HOST, httpPortOf, NODE_HOST, nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { notYetAnswer } from '../../dialects/minikv/not-yet-answer.ts';
import { EarlyTransport } from '../../transport/early-transport.ts';
import { EXIT_OK, OperationError } from '../failure.ts';
import { CALLING_TRANSPORT } from './calling-transport.ts';
import { Joining, type OwnPlace, placeAhead } from './joining.ts';
import type { ChainOptions } from './node-options.ts';
import { openPort } from './open-port.ts';

/** A client whose request waits for this node to join is told so after this time: it waits 2 s itself. */
const ANSWERED_WITHIN_MS = 1_800;

/** Other nodes ask again. They are answered in time for a head that looks for its former chain. */
const NODES_ANSWERED_WITHIN_MS = 100;

/** Runs a node of a chain until SIGINT or SIGTERM. @returns the exit code @throws OperationError */
export async function runChainNode(options: ChainOptions, portsWithinMs: number): Promise<number> {
  const { index, predecessor } = options;
  const greeting = [
    `Started MiniKV node with id=${index} (chain replication)`,
    ...(predecessor === null ? [] : [`Connecting to predecessor with id=${predecessor}`]),
    'Waiting for Ctrl+C',
  ];
  let onceOpen: () => void = () => void process.stdout.write(`${greeting.join('\n')}\n`);
  for (;;) {
    try {
      return await runOnce(options, portsWithinMs, onceOpen);
    } catch (error) {
      if (!(error instanceof OperationError) || error.code !== 'DROPPED') throw error;
      process.stderr.write(`node ${index} joins anew: ${error.message}\n`);
      onceOpen = () => {};
    }
  }
}

/** @throws OperationError with the code `DROPPED` where the node has to join anew, as another controller */
async function runOnce(options: ChainOptions, portsWithinMs: number, onceOpen: () => void): Promise<number> {
  const { index, predecessor, logLevel } = options;
  const transport = new EarlyTransport(CALLING_TRANSPORT, portsWithinMs);
  const joining = new Joining(index);
  const answer = () => notYetAnswer(joining.waitsFor);
  const clients = { host: CLIENT_HOST, port: httpPortOf(index) };
  const nodes = { host: NODE_HOST, port: nodePortOf(index) };
  try {
    // Browsers and clients that are told `localhost` may take it for `::1`.
    await openPort(transport, clients, '::1', { afterMs: ANSWERED_WITHIN_MS, answer });
    await openPort(transport, nodes, null, { afterMs: NODES_ANSWERED_WITHIN_MS, answer });
    // For people who ask the controller by the address that they expect.
    if (NODE_HOST !== CLIENT_HOST) transport.openAlso(nodes, { ...nodes, host: CLIENT_HOST });
    onceOpen();
    const loading = load();
    const found = await unlessStopped(
      predecessor === null ? joining.formerPlace() : joining.placeBehind(predecessor),
    );
    if (found === STOPPED) return EXIT_OK;
    const { runController, miniKvChain, founderSettings, joiningSettings } = await loading;
    const chain = found ?? newChain(index);
    const askAhead = (applicant: Applicant) => placeAhead(predecessor!, applicant);
    const settings =
      found === null ? founderSettings(chain, logLevel) : joiningSettings(index, found, logLevel);
    return await runController(settings, null, {
      greeting: null,
      console: process.stderr,
      transport,
      loadHttp: miniKvChain({ ...identityOf(chain), askAhead: predecessor === null ? null : askAhead }),
      ...(found !== null && { mustEnd: joining.voteIn(found) }),
    });
  } finally {
    // An address that no controller has taken over would keep the process alive, and its clients waiting.
    transport.close();
  }
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

function identityOf({ cluster, founder }: ChainIdentity): ChainIdentity {
  return { cluster, founder };
}

const STOPPED = 'stopped';

/** @returns `STOPPED` when SIGINT or SIGTERM comes first */
async function unlessStopped(action: Promise<OwnPlace | null>): Promise<OwnPlace | null | typeof STOPPED> {
  const over = new AbortController();
  const stopped = ['SIGINT', 'SIGTERM'].map((name) => once(process, name, { signal: over.signal }));
  try {
    return await Promise.race([action, ...stopped.map((one) => one.then(() => STOPPED as typeof STOPPED))]);
  } finally {
    over.abort();
    await Promise.allSettled(stopped);
  }
}
