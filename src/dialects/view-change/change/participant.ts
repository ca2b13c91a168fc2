import type { Log } from '../../../base/log.ts';
import { countEntries, entriesOf, type HandedEntry, storeEntries } from './entries.ts';
import {
  type AskNode,
  type StatusAnswer,
  type StepAnswers,
  StepFailed,
  type StepMessage,
} from './messages.ts';
import {
  participantsOf,
  type ServedEpoch,
  type ServedView,
  shardsIn,
  type ViewChange,
} from './served-view.ts';
import { type Standing, verdictOf } from './verdict.ts';

/** What requests of clients this node lets through: all; reads alone; none, so that they wait. */
export type Admission = 'all' | 'reads' | 'none';

/** The node that takes part: what it serves, and how it reaches the others. */
export interface NodePorts {
  /** Its own address, as views name it. */
  readonly address: string;
  /** Names this process. */
  readonly run: string;
  readonly current: () => ServedEpoch;
  /** Starts the controller of another view, empty. @throws an error in words when that is not possible */
  readonly start: (view: ServedView) => Promise<ServedEpoch>;
  /** Ends a controller that serves nobody. */
  readonly discard: (epoch: ServedEpoch) => void;
  /** Serves this view from now on, and ends the controller of the one before. */
  readonly serve: (epoch: ServedEpoch) => void;
  /** Resolves once no request is under way any more that is not let through. */
  readonly admit: (admission: Admission) => Promise<void>;
  readonly ask: AskNode;
  /** That node serves in a newer view. */
  readonly look: (address: string) => void;
  readonly log: Log;
}

/** The change that this node takes part in. */
interface TakingPart {
  readonly change: ViewChange;
  readonly prepared: Promise<ServedEpoch>;
  next: ServedEpoch | null;
  phase: 'preparing' | 'prepared' | 'ready';
  timer: NodeJS.Timeout;
}

/** A node aborts by itself if it is prepared for so long and not told to become ready, in milliseconds. */
const PREPARED_MS = 7_000;

/** A node asks the others what became of a change if it is ready for so long, in milliseconds, and again as often. */
const ASKS_AFTER_MS = 700;

/** Each step of a hand-over is done within this time, in milliseconds. */
const STEP_MS = 4_000;

/** How long another node may take to say where it stands, in milliseconds. */
const STANDING_MS = 600;

/** Decided changes that a node remembers. Messages of earlier ones can no longer be under way. */
const REMEMBERED_MAX = 1_024;

/** What one node does in view changes: it carries out the steps that it is asked for, each once, in whatever order. */
export class ChangeParticipant {
  readonly #ports: NodePorts;
  readonly #decided = new Map<string, 'committed' | 'aborted'>();
  #part: TakingPart | null = null;
  #leads: string | null = null;
  #known: readonly string[] = [];

  constructor(ports: NodePorts) {
    this.#ports = ports;
  }

  /** The nodes of the newest view that this node has seen begin, itself among them or not. */
  get lastKnown(): readonly string[] {
    return this.#known;
  }

  /** Takes on leading this change. @returns false while this node leads another one */
  beginLeading(id: string): boolean {
    if (this.#leads !== null) return false;
    this.#leads = id;
    return true;
  }

  /** @param outcome null where the change was given up before anybody was told of it */
  endLeading(outcome: 'committed' | 'aborted' | null): void {
    if (outcome !== null) this.#remember(this.#leads!, outcome);
    this.#leads = null;
  }

  /** It takes part in no change, and leads none. */
  get isFree(): boolean {
    return this.#part === null && this.#leads === null;
  }

  standingIn(id: string): Standing {
    const decided = this.#decided.get(id);
    if (decided !== undefined) return decided;
    if (this.#leads === id) return 'leading';
    if (this.#part?.change.id !== id) return 'none';
    return this.#part.phase === 'ready' ? 'ready' : 'prepared';
  }

  /** @throws StepFailed */
  async onMessage<Step extends StepMessage>(message: Step): Promise<StepAnswers[Step['step']]> {
    return (await this.#answer(message)) as StepAnswers[Step['step']];
  }

  /** The node ends: what it has prepared is discarded. */
  close(): void {
    const part = this.#part;
    if (part === null) return;
    clearTimeout(part.timer);
    this.#part = null;
    part.prepared.then(this.#ports.discard, () => {});
  }

  async #answer(message: StepMessage): Promise<object> {
    switch (message.step) {
      case 'status':
        return this.#status(message.id);
      case 'prepare':
        await this.#prepare(message.change);
        return {};
      case 'count':
        return countEntries(message.of === 'old' ? this.#ports.current() : this.#nextOf(message.id));
      case 'give':
        await this.#give(this.#partIn(message.id));
        return {};
      case 'take':
        await storeEntries(this.#nextOf(message.id), message.entries.map(entryOf), endOfStep());
        return {};
      case 'look':
        this.#ports.look(message.at);
        return {};
      case 'ready':
        await this.#becomeReady(message.id);
        return {};
      case 'commit':
        this.#commit(message.id);
        return {};
      case 'abort':
        this.#abort(message.id, 'the node that leads has said so');
        return {};
    }
  }

  #status(id: string | null): StatusAnswer {
    const { run, current } = this.#ports;
    const { view, ports } = current();
    return { run, view, keys: ports.keyCount(), standing: id === null ? null : this.standingIn(id) };
  }

  async #prepare(change: ViewChange): Promise<void> {
    if (this.#decided.has(change.id)) throw new StepFailed('that change is decided');
    if (this.#part !== null && this.#part.change.id !== change.id)
      throw new StepFailed('another change of the view is under way');
    if (this.#part === null) this.#becomePreparing(change);
    const part = this.#part!;
    part.next = await part.prepared;
    this.#partIn(change.id);
    if (part.phase === 'preparing') part.phase = 'prepared';
  }

  #becomePreparing(change: ViewChange): void {
    const { address, run, current, start, admit, log } = this.#ports;
    const refusal = whyNot(change, address, run, current());
    if (refusal !== null) throw new StepFailed(refusal);
    const { from, to } = change;
    const next = to.nodes.includes(address) ? to : { ...to, id: `${to.id}-left`, nodes: [], factor: 1 };
    log.info('a view change begins', { from: from.nodes.join(), to: to.nodes.join(), leader: change.leader });
    const started = Promise.all([start(next), admit('reads')]).then(([epoch]) => epoch);
    started.catch((error: Error) => this.#abort(change.id, error.message));
    const timer = setTimeout(() => this.#abort(change.id, 'its leader is silent'), PREPARED_MS);
    this.#part = { change, prepared: started, next: null, phase: 'preparing', timer };
  }

  /** @throws StepFailed when this node does not take part in that change any more */
  #partIn(id: string): TakingPart {
    if (this.#part?.change.id === id) return this.#part;
    throw new StepFailed('this node does not take part in that change');
  }

  /** What is handed over late must not overwrite what clients have written since. @throws StepFailed */
  #nextOf(id: string): ServedEpoch {
    const { phase, next } = this.#partIn(id);
    if (phase !== 'prepared' || next === null) throw new StepFailed(`this node is ${phase}`);
    return next;
  }

  async #give({ change }: TakingPart): Promise<void> {
    const { address, ask } = this.#ports;
    const endMs = endOfStep();
    const { nodes } = change.to;
    let at = 0;
    for await (const entries of entriesOf(this.#ports.current(), endMs)) {
      const next = this.#nextOf(change.id);
      if (nodes.includes(address)) {
        await storeEntries(next, entries, endMs);
        continue;
      }
      const taker = nodes[at++ % nodes.length]!;
      const message = { step: 'take', id: change.id, entries: entries.map(textOf) } as const;
      await ask(taker, change.runs[taker]!, message, endMs - performance.now());
    }
  }

  async #becomeReady(id: string): Promise<void> {
    const part = this.#partIn(id);
    if (part.phase === 'ready') return;
    this.#nextOf(id);
    part.phase = 'ready';
    clearTimeout(part.timer);
    part.timer = setTimeout(() => this.#askAround(part), ASKS_AFTER_MS);
    // A read of the old view could miss a write that another node takes in the new one.
    await this.#ports.admit('none');
  }

  #commit(id: string): void {
    // A node that leads knows before its own part is done that the change is committed.
    if (this.#part?.change.id !== id && this.#decided.get(id) === 'committed') return;
    const { change, next, phase, timer } = this.#partIn(id);
    if (phase !== 'ready') throw new StepFailed(`this node is ${phase}`);
    clearTimeout(timer);
    this.#part = null;
    this.#remember(id, 'committed');
    this.#known = change.to.nodes;
    this.#ports.serve(next!);
    void this.#ports.admit('all');
    this.#ports.log.info('the view has changed', { nodes: next!.view.nodes.join() });
  }

  #abort(id: string, reason: string): void {
    if (this.#decided.get(id) === 'committed') throw new StepFailed('this node has committed');
    this.#remember(id, 'aborted');
    const part = this.#part;
    if (part?.change.id !== id) return;
    clearTimeout(part.timer);
    this.#part = null;
    void this.#ports.admit('all');
    part.prepared.then(this.#ports.discard, () => {});
    this.#ports.log.warn('a view change is given up, and the view stays as it was', { reason });
  }

  #remember(id: string, outcome: 'committed' | 'aborted'): void {
    this.#decided.set(id, outcome);
    const [oldest] = this.#decided.keys();
    if (this.#decided.size > REMEMBERED_MAX) this.#decided.delete(oldest!);
  }

  /** The leader is late: what became of the change, the other nodes know. */
  #askAround(part: TakingPart): void {
    const { change } = part;
    const others = new Set([...participantsOf(change), change.leader]);
    others.delete(this.#ports.address);
    const asking = [...others].map((address) => this.#standingOf(address, change));
    void Promise.all(asking).then((standings) => {
      if (this.#part !== part) return;
      // A node leads until it has decided, also where it takes part itself.
      const verdict = this.#leads === change.id ? 'wait' : verdictOf(standings);
      if (verdict === 'commit') this.#commit(change.id);
      else if (verdict === 'abort') this.#abort(change.id, 'another node has given it up');
      else part.timer = setTimeout(() => this.#askAround(part), ASKS_AFTER_MS);
    });
  }

  async #standingOf(address: string, { id, runs }: ViewChange): Promise<Standing> {
    try {
      const message = { step: 'status', id } as const;
      const { standing } = await this.#ports.ask(address, runs[address]!, message, STANDING_MS);
      return standing ?? 'none';
    } catch (error) {
      return error instanceof StepFailed && error.isDead ? 'dead' : 'unreachable';
    }
  }
}

/** Why a node can not take part in a change; null when it can. */
function whyNot(
  change: ViewChange,
  address: string,
  run: string,
  { view, ports }: ServedEpoch,
): string | null {
  const { from, to, runs } = change;
  if (runs[address] !== run) return 'this process is another one';
  if (!participantsOf(change).includes(address)) return 'this node is in neither view';
  if (from.nodes.includes(address)) return view.id === from.id ? null : 'this node serves another view';
  if (from.number < view.number && view.nodes.length > 0) return 'this node serves a newer view';
  const isFree = view.nodes.length === 0 || ports.keyCount() === 0;
  return isFree && to.nodes.includes(address) ? null : 'this node has keys of another view';
}

/** The first node of each shard hands its entries over. */
export function giversIn(view: ServedView): readonly string[] {
  return shardsIn(view).map(([first]) => first!);
}

function endOfStep(): number {
  return performance.now() + STEP_MS;
}

function textOf({ key, value }: HandedEntry): readonly [string, string] {
  return [key, value.toString('base64')];
}

function entryOf([key, value]: readonly [string, string]): HandedEntry {
  return { key, value: Buffer.from(value, 'base64') };
}
