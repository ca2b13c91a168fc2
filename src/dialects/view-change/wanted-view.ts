import { parseAddress } from '../../base/address-text.ts';
import { jsonIn } from '../json-text.ts';
import { answerOf, BAD_JSON, type KvsAnswer } from './answers.ts';

/** The view that a client asks for. */
export interface WantedView {
  readonly nodes: readonly string[];
  /** Null where the client does not say. */
  readonly factor: number | null;
}

/** A view that was changed, and how many keys each of its shards has. */
export interface NewView {
  readonly view: { readonly nodes: readonly string[]; readonly factor: number };
  readonly keys: readonly number[];
}

/** Changes the view. @returns null when the view stays as it was */
export type ChangeView = (wanted: WantedView) => Promise<NewView | null>;

/** What a body `{"view": "a,b,c", "repl-factor": 3}` asks for; what to answer where it says nothing. */
export function wantedViewIn(body: Buffer): WantedView | KvsAnswer {
  let parsed: { readonly view?: unknown; readonly 'repl-factor'?: unknown } | null;
  try {
    parsed = jsonIn(body) as typeof parsed;
  } catch {
    return BAD_JSON;
  }
  const view = parsed?.view;
  if (typeof view !== 'string' || view.trim() === '') return VIEW_MISSING;
  const factor = parsed?.['repl-factor'];
  const isGiven = factor !== undefined && factor !== null;
  if (isGiven && !/^[1-9]\d{0,2}$/.test(String(factor))) return FACTOR_WRONG;
  const nodes = view.split(',').map((word) => word.trim());
  if (new Set(nodes).size < nodes.length || nodes.some((node) => parseAddress(node) === null))
    return VIEW_WRONG;
  return { nodes, factor: isGiven ? Number(factor) : null };
}

/** Each node of the one is in the other, once. */
export function isSameView(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}

const VIEW_MISSING = answerOf(400, { error: 'View is missing', message: 'Error in PUT' });

const VIEW_WRONG = answerOf(400, {
  error: 'The view is no list of different addresses',
  message: 'Error in PUT',
});

const FACTOR_WRONG = answerOf(400, {
  error: 'The replication factor is not a positive number',
  message: 'Error in PUT',
});
