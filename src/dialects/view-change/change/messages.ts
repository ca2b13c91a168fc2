import type { ServedView, ViewChange } from './served-view.ts';
import type { Standing } from './verdict.ts';

/** What a node asks another one, or itself, in the course of a view change. */
export type StepMessage =
  /** @param id of a change that the sender takes part in; null for none */
  | { readonly step: 'status'; readonly id: string | null }
  /** Take no more writes, and start the controller of the new view. Ends once no write is under way. */
  | { readonly step: 'prepare'; readonly change: ViewChange }
  /** Which entries does this node have, in the old view or in the new one? */
  | { readonly step: 'count'; readonly id: string; readonly of: 'old' | 'new' }
  /** Store all entries of this node in the new view. */
  | { readonly step: 'give'; readonly id: string }
  /** Store these entries in the new view: latin-1 keys, values in base64. */
  | { readonly step: 'take'; readonly id: string; readonly entries: readonly (readonly [string, string])[] }
  /** The node at this address serves in a newer view than the asked one. */
  | { readonly step: 'look'; readonly at: string }
  /** Everything is in the new view: serve nothing until the change has been decided. */
  | { readonly step: 'ready' | 'commit' | 'abort'; readonly id: string };

export interface StatusAnswer {
  /** Names the process. */
  readonly run: string;
  readonly view: ServedView;
  /** How many keys it has. */
  readonly keys: number;
  /** Where it stands in the change that was asked for; null where none was. */
  readonly standing: Standing | null;
}

export interface CountAnswer {
  readonly keys: number;
  /** The same for the same entries. */
  readonly digest: string;
}

/** What each step is answered with. */
export interface StepAnswers {
  readonly status: StatusAnswer;
  readonly count: CountAnswer;
  readonly prepare: object;
  readonly give: object;
  readonly look: object;
  readonly take: object;
  readonly ready: object;
  readonly commit: object;
  readonly abort: object;
}

/** A node does not do what it was asked for, or does not answer. */
export class StepFailed extends Error {
  /** The process that was asked is gone. */
  readonly isDead: boolean;

  constructor(reason: string, isDead = false) {
    super(reason);
    this.isDead = isDead;
  }
}

/** Asks another node. @throws StepFailed */
export type AskNode = <Step extends StepMessage>(
  address: string,
  run: string | null,
  message: Step,
  withinMs: number,
) => Promise<StepAnswers[Step['step']]>;

const NODES_MAX = 256;

/** A message that has come from another node. @throws StepFailed for one that is none */
export function checkedMessage(parsed: unknown): StepMessage {
  const message = parsed as Partial<Record<string, unknown>> | null;
  switch (message?.step) {
    case 'status':
      if (message.id === null || isText(message.id)) return message as unknown as StepMessage;
      break;
    case 'prepare':
      if (isChange(message.change)) return message as unknown as StepMessage;
      break;
    case 'count':
      if (isText(message.id) && (message.of === 'old' || message.of === 'new'))
        return message as unknown as StepMessage;
      break;
    case 'take':
      if (isText(message.id) && Array.isArray(message.entries) && message.entries.every(isEntry))
        return message as unknown as StepMessage;
      break;
    case 'look':
      if (isText(message.at)) return message as unknown as StepMessage;
      break;
    case 'give':
    case 'ready':
    case 'commit':
    case 'abort':
      if (isText(message.id)) return message as unknown as StepMessage;
      break;
  }
  throw new StepFailed('this is no message of a view change');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 256;
}

function isEntry(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isText(value[0]) && typeof value[1] === 'string';
}

function isChange(value: unknown): boolean {
  const change = value as Partial<ViewChange> | null;
  if (typeof change !== 'object' || change === null) return false;
  const { id, from, to, leader, runs } = change;
  if (!isText(id) || !isText(leader) || !isView(from) || !isView(to)) return false;
  return (
    to.nodes.length > 0 &&
    to.id === id &&
    typeof runs === 'object' &&
    runs !== null &&
    isTexts(Object.values(runs))
  );
}

export function isView(value: unknown): value is ServedView {
  const view = value as Partial<ServedView> | null;
  if (typeof view !== 'object' || view === null) return false;
  const { id, number, nodes, factor, paths } = view;
  if (!isText(id) || !Number.isSafeInteger(number) || !Array.isArray(nodes) || !isTexts(nodes)) return false;
  const isFactor = Number.isSafeInteger(factor) && factor! > 0 && nodes.length % factor! === 0;
  return (
    isFactor && nodes.length <= NODES_MAX && (paths === 'both' || paths === 'shards' || paths === 'replicas')
  );
}

function isTexts(values: readonly unknown[]): boolean {
  return values.every(isText);
}
