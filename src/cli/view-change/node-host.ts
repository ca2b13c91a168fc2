import { randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAddress } from '../../base/address-text.ts';
import type { Transport } from '../../base/transport.ts';
import { type Controller, startController } from '../../controller/controller.ts';
import type { ControllerEnd } from '../../controller/end-request.ts';
import type { Logger } from '../../controller/log/logger.ts';
import type { Address } from '../../controller/settings.ts';
import { bodyOfAnswer, JSON_TYPE, mainIsDown, unable } from '../../dialects/view-change/answers.ts';
import { Leader } from '../../dialects/view-change/change/leader.ts';
import { type StatusAnswer, StepFailed } from '../../dialects/view-change/change/messages.ts';
import { newerView } from '../../dialects/view-change/change/newer-view.ts';
import { ChangeParticipant } from '../../dialects/view-change/change/participant.ts';
import type { ServedEpoch, ServedView } from '../../dialects/view-change/change/served-view.ts';
import { viewChangeInterface } from '../../dialects/view-change/view-change-interface.ts';
import type { NewView, WantedView } from '../../dialects/view-change/wanted-view.ts';
import { isLoopback } from '../../peer/loopback.ts';
import type { RunningProcess } from '../process/run-controller.ts';
import { formatAddress } from '../settings/address.ts';
import { requireSecretFor } from '../settings/cluster-secret.ts';
import { type ClientRequestKind, RequestAdmission } from './admission.ts';
import { nodeSettings } from './node-settings.ts';
import { RequestClient } from './request-client.ts';
import { SharedAddress } from './shared-address.ts';
import { STEP_PATH, stepCaller } from './step-caller.ts';
import { answerStep } from './step-door.ts';

export interface NodeHostOptions {
  readonly address: Address;
  readonly listensOn: Address;
  readonly transport: Transport;
  readonly secret: Buffer | null;
  readonly logger: Logger;
  /** The view that the node is started in; without nodes it waits. */
  readonly view: ServedView;
  /** The nodes that the node was told of, itself among them or not. */
  readonly known: readonly string[];
}

/** A controller, and the view that it serves. */
interface Epoch extends ServedEpoch {
  readonly controller: Controller;
  readonly server: Awaited<ReturnType<Controller['http']>>;
}

/** What is under way in a view that has been left may take so long to end, in milliseconds. */
const LEFT_AFTER_MS = 1_000;

/** How often a node asks another one of its view whether that serves in the same one, in milliseconds. */
const COMPARES_EVERY_MS = 1_000;

/** How long another node may take to say which view it serves, in milliseconds. */
const STATUS_MS = 800;

/** The path of the requests that change a view. */
const CHANGE_PATH = '/kvs/view-change';

/**
 * One node of the store with view change. It has the address of the node, and runs a controller for the view that it
 * serves. While a view change is under way it runs another one for the next view. Each request of a client is given to
 * the controller of the view that is served when the request arrives, whatever connection it comes by.
 */
export class NodeHost implements RunningProcess {
  readonly mustEnd: Promise<ControllerEnd>;
  readonly #options: NodeHostOptions;
  readonly #name: string;
  readonly #run = randomBytes(8).toString('hex');
  readonly #shared: SharedAddress;
  readonly #admission = new RequestAdmission();
  readonly #participant: ChangeParticipant;
  readonly #ports: ConstructorParameters<typeof ChangeParticipant>[0];
  readonly #mustEnd: (end: ControllerEnd) => void;
  readonly #closing = new Set<Promise<void>>();
  readonly #comparing: NodeJS.Timeout;
  #current: Epoch | null = null;
  #isGoing = false;
  #isClosed = false;

  private constructor(options: NodeHostOptions) {
    const { address, transport, secret, logger } = options;
    const { promise, resolve } = Promise.withResolvers<ControllerEnd>();
    this.mustEnd = promise;
    this.#mustEnd = resolve;
    this.#options = options;
    this.#name = formatAddress(address);
    this.#shared = new SharedAddress(transport, (asked, answer) => void this.#onRequest(asked, answer));
    this.#ports = {
      address: this.#name,
      run: this.#run,
      current: () => this.#served,
      start: (view) => this.#start(view),
      discard: (epoch) => this.#discard(epoch as Epoch),
      serve: (epoch) => {
        const left = this.#served;
        this.#current = epoch as Epoch;
        this.#discard(left);
      },
      admit: (admitted) => this.#admission.admit(admitted),
      ask: stepCaller(secret, isLoopback(address.host) ? address.host : null),
      look: (at) => void this.#goByThoseAt([at]),
      log: logger,
    };
    this.#participant = new ChangeParticipant(this.#ports);
    this.#comparing = setInterval(() => void this.#compare(), COMPARES_EVERY_MS);
  }

  /** @throws the system's error when the address can't be listened on */
  static async start(options: NodeHostOptions): Promise<NodeHost> {
    const host = new NodeHost(options);
    try {
      await host.#shared.open(options.listensOn);
      host.#current = await host.#start(await host.#firstView());
    } catch (error) {
      clearInterval(host.#comparing);
      throw error;
    }
    host.#isOpen.resolve();
    return host;
  }

  readonly #isOpen = Promise.withResolvers<void>();

  status() {
    return this.#served.controller.status();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#comparing);
    this.#participant.close();
    await this.#served.controller.close();
    await Promise.allSettled(this.#closing);
    this.#shared.close();
  }

  /** @throws StepFailed before the node has begun to serve */
  get #served(): Epoch {
    if (this.#current === null) throw new StepFailed('this node is starting');
    return this.#current;
  }

  /** The view that the node was told, unless the nodes of that have changed their view since. */
  async #firstView(): Promise<ServedView> {
    const { view } = this.#options;
    const statuses = await this.#statusesOf(view.nodes.filter((node) => node !== this.#name));
    return newerView({ address: this.#name, view, keys: 0 }, statuses) ?? view;
  }

  async #statusesOf(nodes: readonly string[]): Promise<Map<string, StatusAnswer>> {
    const statuses = new Map<string, StatusAnswer>();
    const asking = nodes.map(async (node) => {
      statuses.set(node, await this.#ports.ask(node, null, { step: 'status', id: null }, STATUS_MS));
    });
    await Promise.allSettled(asking);
    return statuses;
  }

  /**
   * Asks one other node of this view which one it serves. One of the two was started anew while the view changed, if
   * they differ for long, and goes by the newer view.
   */
  async #compare(): Promise<void> {
    if (this.#current === null || !this.#participant.isFree) return;
    const { view } = this.#current;
    const others = view.nodes.filter((node) => node !== this.#name);
    if (others.length === 0) return;
    const node = others[randomInt(others.length)]!;
    const status = (await this.#statusesOf([node])).get(node);
    if (status === undefined) return;
    if (status.view.number > view.number) return this.#goBy(new Map([[node, status]]));
    if (status.view.number === view.number) return;
    const message = { step: 'look', at: this.#name } as const;
    await this.#ports.ask(node, status.run, message, STATUS_MS).catch(() => {});
  }

  async #goByThoseAt(nodes: readonly string[]): Promise<void> {
    await this.#goBy(await this.#statusesOf(nodes));
  }

  async #goBy(statuses: ReadonlyMap<string, StatusAnswer>): Promise<void> {
    if (this.#current === null || this.#isGoing) return;
    const { view, ports } = this.#current;
    const mayGo = () => !this.#isClosed && this.#participant.isFree && this.#current?.view === view;
    const newer = newerView({ address: this.#name, view, keys: ports.keyCount() }, statuses);
    if (newer === null || !mayGo()) return;
    this.#isGoing = true;
    const { logger } = this.#options;
    try {
      const epoch = await this.#start(newer);
      if (!mayGo()) return this.#discard(epoch);
      this.#ports.serve(epoch);
      logger.info('this node goes by a newer view', { nodes: newer.nodes.join() });
    } catch (error) {
      logger.warn('this node cannot go by a newer view', { error: error as Error });
    } finally {
      this.#isGoing = false;
    }
  }

  async #start(view: ServedView): Promise<Epoch> {
    const { address, secret, logger } = this.#options;
    const nodes = view.nodes.length === 0 ? [address] : view.nodes.map((node) => parseAddress(node)!);
    if (nodes.length > 1) requireSecretFor(nodes, secret);
    const settings = nodeSettings(address, nodes, view.factor, `view-change-${view.id}`);
    const { promise: ports, resolve } = Promise.withResolvers<ServedEpoch['ports']>();
    const load = viewChangeInterface(view.paths, view, (wanted) => this.#change(wanted));
    const loadHttp = (given: ServedEpoch['ports']) => {
      resolve(given);
      return load(given);
    };
    const transport = this.#shared.transportOf(view.id);
    const controller = await startController(settings, secret, logger, null, transport, loadHttp);
    const server = await controller.http();
    void controller.mustEnd.then((end) => this.#onEnd(controller, end));
    return { view, controller, server, ports: await ports, client: () => controller.innerClient() };
  }

  #onEnd(controller: Controller, end: ControllerEnd): void {
    if (this.#current?.controller === controller) this.#mustEnd(end);
  }

  #discard({ controller }: Epoch): void {
    const closing = sleep(this.#isClosed ? 0 : LEFT_AFTER_MS).then(() => controller.close());
    this.#closing.add(closing);
    closing.then(
      () => this.#closing.delete(closing),
      (error: Error) => this.#options.logger.error('a controller could not be closed', { error }),
    );
  }

  async #change(wanted: WantedView): Promise<NewView | null> {
    try {
      const id = `${this.#served.view.number + 1}-${randomBytes(6).toString('hex')}`;
      return await new Leader(this.#ports, this.#participant, id).lead(wanted, [
        ...this.#options.known,
        ...this.#participant.lastKnown,
      ]);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      this.#options.logger.warn('the view stays as it is', { reason: error.message });
      return null;
    }
  }

  async #onRequest(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const path = (asked.url ?? '').split('?')[0]!;
    if (path === STEP_PATH) return this.#onStep(asked, answer);
    await this.#isOpen.promise;
    const kind = kindOf(asked.method ?? '', path);
    if (!(await this.#admission.enter(kind))) return this.#refuse(asked, answer);
    const { controller, server } = this.#served;
    server.answer(
      asked,
      answer,
      new RequestClient(controller.innerClient(), () => this.#admission.leave(kind)),
    );
  }

  #onStep(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const ports = {
      address: this.#name,
      run: this.#run,
      secret: this.#options.secret,
      onMessage: this.#participant.onMessage.bind(this.#participant),
      onFault: (error: Error) =>
        this.#options.logger.warn('a message of a view change met a fault', { error }),
    };
    return answerStep(ports, asked, answer);
  }

  #refuse(asked: IncomingMessage, answer: ServerResponse): void {
    const method = asked.method ?? '';
    const isReplicas = this.#served.view.paths === 'replicas';
    const body = isReplicas
      ? bodyOfAnswer(unable(503, method), { context: {} })
      : bodyOfAnswer(mainIsDown(method));
    answer.writeHead(503, { 'content-type': JSON_TYPE }).end(body);
    asked.resume();
  }
}

function kindOf(method: string, path: string): ClientRequestKind {
  if (!path.startsWith('/kvs/') || path === CHANGE_PATH) return 'other';
  return method === 'GET' ? 'read' : 'write';
}
