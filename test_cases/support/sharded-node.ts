import { nodeSettings } from '../../src/cli/sharded/node-settings.ts';
import { startController } from '../../src/controller/controller.ts';
import type { Logger } from '../../src/controller/log/logger.ts';
import type { ListFormat } from '../../src/dialects/sharded/format.ts';
import { shardedInterface } from '../../src/dialects/sharded/sharded-interface.ts';
import { CutTransport } from './cut-transport.ts';
import { freePorts } from './free-port.ts';
import { askNode, type NodeAnswer } from './node-answer.ts';

/** How long a request waits for writes that its metadata name, in milliseconds. */
const CAUSAL_WAIT_MS = 1_500;

/** A node of the sharded store in the process of the test. */
export class ShardedNode {
  readonly port: number;
  readonly #transport: CutTransport;
  readonly stop: () => Promise<void>;

  private constructor(port: number, transport: CutTransport, stop: () => Promise<void>) {
    this.port = port;
    this.#transport = transport;
    this.stop = stop;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Nodes with one view, in the order of their addresses. */
  static async startView(
    count: number,
    listFormat: ListFormat,
    shardCount = 1,
  ): Promise<readonly ShardedNode[]> {
    const ports = (await freePorts(count)).toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
    const view = ports.map((port) => ({ host: '127.0.0.1', port }));
    const load = shardedInterface({
      nodes: ports.map((port) => `127.0.0.1:${port}`),
      shardCount,
      listFormat,
      causalWaitMs: CAUSAL_WAIT_MS,
    });
    const starting = view.map(async (address) => {
      const transport = new CutTransport();
      const settings = nodeSettings({ address, view, shardCount });
      const controller = await startController(settings, null, SILENT, null, transport, load);
      return new ShardedNode(address.port, transport, () => controller.close());
    });
    return Promise.all(starting);
  }

  /** Cuts the links between each node of the one side and each of the other. */
  static cut(one: readonly ShardedNode[], other: readonly ShardedNode[]): void {
    for (const a of one)
      for (const b of other) {
        a.#transport.cut(b.port);
        b.#transport.cut(a.port);
      }
  }

  /** Ends all cuts of these nodes. */
  static heal(nodes: readonly ShardedNode[]): void {
    for (const node of nodes) node.#transport.heal();
  }

  ask(method: string, path: string, body?: unknown): Promise<NodeAnswer> {
    return askNode(this.address, method, path, body);
  }
}

const SILENT: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
