import { nodeSettings } from '../../src/cli/minikv/node-settings.ts';
import { type Controller, startController } from '../../src/controller/controller.ts';
import type { Logger } from '../../src/controller/log/logger.ts';
import { loadMiniKv } from '../../src/dialects/minikv/minikv-interface.ts';
import { NODE_TRANSPORT } from '../../src/transport/node-transport.ts';
import { freePorts } from './free-port.ts';

/** An answer of a node of MiniKV. */
export interface MiniKvAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** A node of MiniKV in the process of the test. */
export class MiniKvNode {
  readonly httpPort: number;
  readonly port: number;
  readonly #controller: Controller;

  private constructor(httpPort: number, port: number, controller: Controller) {
    this.httpPort = httpPort;
    this.port = port;
    this.#controller = controller;
  }

  static async start(): Promise<MiniKvNode> {
    const [httpPort, port] = (await freePorts(2)) as [number, number];
    const settings = nodeSettings({ httpPort, port, logLevel: 'info' });
    const controller = await startController(settings, null, SILENT, null, NODE_TRANSPORT, loadMiniKv);
    return new MiniKvNode(httpPort, port, controller);
  }

  stop(): Promise<void> {
    return this.#controller.close();
  }

  get(path: string): Promise<MiniKvAnswer> {
    return this.#ask(path, { method: 'GET' });
  }

  /** Without a content type, as clients of MiniKV send it. */
  post(path: string, body: string | Buffer): Promise<MiniKvAnswer> {
    return this.#ask(path, { method: 'POST', body: new Uint8Array(Buffer.from(body)) });
  }

  async #ask(path: string, request: RequestInit): Promise<MiniKvAnswer> {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}${path}`, request);
    return {
      status: answer.status,
      type: answer.headers.get('content-type') ?? '',
      text: await answer.text(),
    };
  }
}

const SILENT: Logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
