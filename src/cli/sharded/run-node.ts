import { EXIT_OK } from '../failure.ts';
import { placedTransport } from '../process/placed-transport.ts';
import { runController } from '../process/run-controller.ts';
import { formatAddress } from '../settings/address.ts';
import { readSecret, requireSecretFor } from '../settings/cluster-secret.ts';
import { NODE_HELP, nodeOptions, type ShardedEnvironment } from './node-options.ts';
import { nodeSettings } from './node-settings.ts';

/** Runs a node until SIGINT or SIGTERM. @returns the exit code @throws UsageError, OperationError */
export async function runShardedNode(words: readonly string[]): Promise<number> {
  const options = nodeOptions(words, process.env as ShardedEnvironment);
  if (options === 'help') {
    process.stdout.write(`${NODE_HELP}\n`);
    return EXIT_OK;
  }
  const { address, listensOn, view, shardCount, listFormat, causalWaitMs } = options;
  const secret = readSecret({ secretFile: '' }, process.env, '.');
  if (view.length > 1) requireSecretFor(view, secret);
  const { shardedInterface } = await import('../../dialects/sharded/sharded-interface.ts');
  return runController(nodeSettings(options), secret, {
    greeting: () =>
      `node ${formatAddress(address)} listens on ${formatAddress(listensOn)} and serves as one of ${view.length}`,
    console: process.stderr,
    transport: placedTransport(options),
    loadHttp: shardedInterface({
      nodes: view.map(formatAddress),
      shardCount,
      listFormat,
      causalWaitMs,
    }),
  });
}
