import { EarlyTransport } from '../../transport/early-transport.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';
import { EXIT_FAILED, EXIT_OK } from '../failure.ts';
import { NODE_HELP, nodeOptions } from './node-options.ts';
import { openPort } from './open-port.ts';
import type { MiniKvLogLevel } from './words.ts';

/** Where a node without replication listens for HTTP. */
const HTTP_PORT = 8080;

/** How long a node waits for its ports, which a node that was killed may not have left yet, in milliseconds. */
const PORTS_WITHIN_MS = 5_000;

/** Runs a node until SIGINT or SIGTERM. @returns the exit code @throws UsageError, OperationError */
export async function runMiniKvNode(words: readonly string[]): Promise<number> {
  const options = nodeOptions(words);
  if (options === 'help') {
    process.stdout.write(`${NODE_HELP}\n`);
    return EXIT_OK;
  }
  if ('unknown' in options) {
    process.stdout.write(`Unexpected replication type: ${options.unknown}\n`);
    return EXIT_FAILED;
  }
  if (options.kind === 'none') return runSingle(options.logLevel);
  const { runChainNode } = await import('./run-chain.ts');
  return runChainNode(options, PORTS_WITHIN_MS);
}

/** Listens first, and loads all else while clients may be calling already. */
async function runSingle(logLevel: MiniKvLogLevel): Promise<number> {
  const transport = new EarlyTransport(NODE_TRANSPORT, PORTS_WITHIN_MS);
  try {
    // Browsers and clients that are told `localhost` may take it for `::1`.
    await openPort(transport, { host: '127.0.0.1', port: HTTP_PORT }, '::1');
    const { runController } = await import('../process/run-controller.ts');
    const { freePorts } = await import('../process/free-ports.ts');
    const { nodeSettings } = await import('./node-settings.ts');
    const { loadMiniKv } = await import('../../dialects/minikv/minikv-interface.ts');
    // No other node calls this one.
    const [port] = await freePorts(1);
    return await runController(nodeSettings({ httpPort: HTTP_PORT, port: port!, logLevel }), null, {
      greeting: () => 'Started MiniKV (no replication)\nWaiting for Ctrl+C',
      console: process.stderr,
      transport,
      loadHttp: loadMiniKv,
    });
  } finally {
    // An address that no controller has taken over would keep the process alive.
    transport.close();
  }
}
