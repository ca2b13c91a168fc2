import type { Server } from 'node:http';
import { formatAddress } from '../../src/cli/settings/address.ts';
import { nodeSettings } from '../../src/cli/view-change/node-settings.ts';
import { startController } from '../../src/controller/controller.ts';
import type { Logger } from '../../src/controller/log/logger.ts';
import { followerServer } from '../../src/dialects/view-change/follower.ts';
import { type Paths, viewChangeInterface } from '../../src/dialects/view-change/view-change-interface.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';
import { freePort, freePorts } from './free-port.ts';

/** An answer of a node: the body as parsed JSON, or as text where it is none. */
export interface NodeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A node of the store with view change in the process of the test. */
export class ViewChangeNode {
  readonly port: number;
  readonly stop: () => Promise<void>;

  private constructor(port: number, stop: () => Promise<void>) {
    this.port = port;
    this.stop = stop;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  static async start(paths: Paths): Promise<ViewChangeNode> {
    const port = await freePort();
    const settings = nodeSettings({ host: '127.0.0.1', port });
    const load = viewChangeInterface(paths, [`127.0.0.1:${port}`]);
    const controller = await startController(settings, null, SILENT, null, NODE_TRANSPORT, load);
    return new ViewChangeNode(port, () => controller.close());
  }

  /** Nodes of `shards` with one view. */
  static async startShards(nodes: number): Promise<readonly ViewChangeNode[]> {
    const ports = await freePorts(nodes);
    const view = ports.map((port) => ({ host: '127.0.0.1', port }));
    const load = viewChangeInterface('shards', view.map(formatAddress));
    const starting = view.map(async (address) => {
      const settings = nodeSettings(address, view);
      const controller = await startController(settings, null, SILENT, null, NODE_TRANSPORT, load);
      return new ViewChangeNode(address.port, () => controller.close());
    });
    return Promise.all(starting);
  }

  /** @param mainPort of the main instance */
  static async follow(mainPort: number, answeredWithinMs = 2_000): Promise<ViewChangeNode> {
    const port = await freePort();
    const main = { host: '127.0.0.1', port: mainPort };
    const server = followerServer({ main, from: '127.0.0.1', answeredWithinMs, bodyBytesMax: 2_097_152 });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new ViewChangeNode(port, () => closed(server));
  }

  /** As clients send it: with a body in JSON, and for texts with that text as it is. */
  async ask(method: string, path: string, body?: unknown): Promise<NodeAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: text, headers: { 'content-type': 'application/json' } }),
    });
    const said = await answer.text();
    const isJson = (answer.headers.get('content-type') ?? '').startsWith('application/json');
    return { status: answer.status, body: isJson ? JSON.parse(said) : said };
  }
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const SILENT: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
