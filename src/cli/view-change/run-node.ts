import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { OWN_HTTP } from '../../controller/clients/http-door.ts';
import type { ServedView } from '../../dialects/view-change/change/served-view.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { EXIT_OK, OperationError, systemCodeOf } from '../failure.ts';
import { placedTransport } from '../process/placed-transport.ts';
import { describeTakenPort } from '../process/port-owner.ts';
import { runController } from '../process/run-controller.ts';
import { formatAddress, sameAddress } from '../settings/address.ts';
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
  if (view.length > 1 && isMember(options)) requireSecretFor(view, secret);
  const appearance = {
    greeting: () => greetingOf(options),
    console: process.stderr,
    transport: placedTransport(options),
  };
  const nodes = view.map(formatAddress);
  const settings = isMember(options) ? nodeSettings(address, view, factor) : nodeSettings(address);
  if (role.kind === 'main') {
    const { viewChangeInterface } = await import('../../dialects/view-change/view-change-interface.ts');
    return runController(settings, secret, {
      ...appearance,
      loadHttp: viewChangeInterface('forward', { nodes, factor }),
    });
  }
  const { NodeHost } = await import('./node-host.ts');
  const first = firstView(nodes, factor, PATHS[role.kind], isMember(options));
  return runController(settings, secret, {
    ...appearance,
    loadHttp: OWN_HTTP,
    start: (logger) =>
      NodeHost.start({ ...options, ...appearance, secret, logger, view: first, known: nodes }),
  });
}

const PATHS = { node: 'both', shards: 'shards', replicas: 'replicas' } as const;

/** Nodes that were told the same view begin in the same one. */
function firstView(
  nodes: readonly string[],
  factor: number,
  paths: ServedView['paths'],
  isMember: boolean,
): ServedView {
  const hash = createHash('sha256').update(`${nodes.join()} ${factor}`).digest('hex');
  const view = { id: `0-${hash.slice(0, 12)}`, number: 0, nodes, factor, paths };
  return isMember ? view : { ...view, id: 'waiting', nodes: [], factor: 1 };
}

/** A node that its own view does not name waits for a view change that names it. */
function isMember({ address, role }: ViewChangeNodeOptions): boolean {
  return !('view' in role) || role.view.some((one) => sameAddress(one, address));
}

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
  if (!isMember({ address, listensOn, role }))
    return `node ${formatAddress(address)} listens on ${formatAddress(listensOn)} and waits for a view change`;
  const among = 'view' in role ? ` as one of ${role.view.length}` : '';
  return `node ${formatAddress(address)} listens on ${formatAddress(listensOn)} and ${what}${among}`;
}
