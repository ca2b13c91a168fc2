import type { Server } from 'node:http';
import { formatAddress } from '../../src/cli/settings/address.ts';
import { nodeSettings } from '../../src/cli/view-change/node-settings.ts';
import { startController } from '../../src/controller/controller.ts';
import type { Logger } from '../../src/controller/log/logger.ts';
import { followerServer } from '../../src/dialects/view-change/follower.ts';
import type { Paths } from '../../src/dialects/view-change/paths.ts';
import { viewChangeInterface } from '../../src/dialects/view-change/view-change-interface.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';
import { CutTransport } from './cut-transport.ts';
import { freePort, freePorts } from './free-port.ts';
import { askNode, type NodeAnswer } from './node-answer.ts';

/** A node of the store with view change in the process of the test. */
export class ViewChangeNode {
  readonly port: number;
  readonly stop: () => Promise<void>;

  readonly #transport: CutTransport;

  private constructor(port: number, stop: () => Promise<void>, transport = new CutTransport()) {
    this.port = port;
    this.stop = stop;
    this.#transport = transport;
  }

  /** Cuts the links between each node of the one side and each of the other. */
  static cut(one: readonly ViewChangeNode[], other: readonly ViewChangeNode[]): void {
    for (const a of one)
      for (const b of other) {
        a.#transport.cut(b.port);
        b.#transport.cut(a.port);
      }
  }

  /** Ends all cuts of these nodes. */
  static heal(nodes: readonly ViewChangeNode[]): void {
    for (const node of nodes) node.#transport.heal();
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  static async start(paths: Paths): Promise<ViewChangeNode> {
    const port = await freePort();
    const settings = nodeSettings({ host: '127.0.0.1', port });
    const load = viewChangeInterface(paths, { nodes: [`127.0.0.1:${port}`], factor: 1 });
    const controller = await startController(settings, null, SILENT, null, NODE_TRANSPORT, load);
    return new ViewChangeNode(port, () => controller.close());
  }

  /** Nodes with one view. @param factor how many of them have each key; null for the generation `shards` */
  static async startView(count: number, factor: number | null = null): Promise<readonly ViewChangeNode[]> {
    const ports = await freePorts(count);
    const view = ports.map((port) => ({ host: '127.0.0.1', port }));
    const paths = factor === null ? 'shards' : 'replicas';
    const load = viewChangeInterface(paths, { nodes: view.map(formatAddress), factor: factor ?? 1 });
    const starting = view.map(async (address) => {
      const settings = nodeSettings(address, view, factor ?? 1);
      const transport = new CutTransport();
      const controller = await startController(settings, null, SILENT, null, transport, load);
      return new ViewChangeNode(address.port, () => controller.close(), transport);
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
  ask(method: string, path: string, body?: unknown): Promise<NodeAnswer> {
    return askNode(this.address, method, path, body);
  }
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

const SILENT: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
