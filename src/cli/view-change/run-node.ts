import { once } from 'node:events';
import { isLoopback } from '../../peer/loopback.ts';
import { EXIT_OK, OperationError, systemCodeOf } from '../failure.ts';
import { placedTransport } from '../process/placed-transport.ts';
import { describeTakenPort } from '../process/port-owner.ts';
import { runController } from '../process/run-controller.ts';
import { formatAddress } from '../settings/address.ts';
import { readSecret, requireSecretFor } from '../settings/cluster-secret.ts';
import { NODE_HELP, type NodeEnvironment, nodeOptions, type ViewChangeNodeOptions } from './node-options.ts';
import { nodeSettings } from './node-settings.ts';

/** A client of a follower gets its answer within this time, in milliseconds. */
const ANSWERED_WITHIN_MS = 4_500;

/** The largest body that a follower passes on: more than the largest entry, in bytes. */
const BODY_BYTES_MAX = 2_097_152;

/** Runs a node until SIGINT or SIGTERM. @returns the exit code @throws UsageError, OperationError */
export async function runViewChangeNode(words: readonly string[]): Promise<number> {
  const options = nodeOptions(words, process.env as NodeEnvironment);
  if (options === 'help') {
    process.stdout.write(`${NODE_HELP}\n`);
    return EXIT_OK;
  }
  const { address, role } = options;
  if (role.kind === 'follower') return runFollower(options);
  const { view, factor } = 'view' in role ? role : { view: [address], factor: 1 };
  const secret = readSecret({ secretFile: '' }, process.env, '.');
  if (view.length > 1) requireSecretFor(view, secret);
  const { viewChangeInterface } = await import('../../dialects/view-change/view-change-interface.ts');
  return runController(nodeSettings(address, view, factor), secret, {
    greeting: () => greetingOf(options),
    console: process.stderr,
    transport: placedTransport(options),
    loadHttp: viewChangeInterface(PATHS[role.kind], { nodes: view.map(formatAddress), factor }),
  });
}

const PATHS = { main: 'forward', node: 'both', shards: 'shards', replicas: 'replicas' } as const;

async function runFollower(options: ViewChangeNodeOptions): Promise<number> {
  const { address, listensOn, role } = options;
  if (role.kind !== 'follower') return EXIT_OK;
  const { followerServer } = await import('../../dialects/view-change/follower.ts');
  const server = followerServer({
    main: role.main,
    from: isLoopback(address.host) ? address.host : null,
    answeredWithinMs: ANSWERED_WITHIN_MS,
    bodyBytesMax: BODY_BYTES_MAX,
  });
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  try {
    server.listen(listensOn.port, listensOn.host);
    await once(server, 'listening');
  } catch (error) {
    if (systemCodeOf(error) !== 'EADDRINUSE') throw error;
    throw new OperationError('PORT_TAKEN', `${await describeTakenPort(listensOn)}; stop that first`, {
      cause: error,
    });
  }
  process.stdout.write(`${greetingOf(options)}\n`);
  await stopped;
  server.close();
  server.closeIdleConnections();
  return EXIT_OK;
}

function greetingOf({ address, listensOn, role }: ViewChangeNodeOptions): string {
  const what = role.kind === 'follower' ? `passes everything on to ${formatAddress(role.main)}` : 'serves';
  const among = 'view' in role ? ` as one of ${role.view.length}` : '';
  return `node ${formatAddress(address)} listens on ${formatAddress(listensOn)} and ${what}${among}`;
}
