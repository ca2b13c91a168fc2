import { expect } from 'vitest';
import { askNode } from './node-answer.ts';

/** An answer on a key, in `replicas`. */
export interface KeyAnswer {
  readonly status: number;
  /** Of the node that has served the request; null when the asked one has. */
  readonly address: string | null;
  /** The rest of the body, without the context. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A client of `replicas`, which sends the causal context of each answer with its next request. */
export class ViewChangeClient {
  context: object = {};

  async ask(
    { address }: { readonly address: string },
    method: string,
    key: string,
    value?: unknown,
  ): Promise<KeyAnswer> {
    const given = { 'causal-context': this.context, ...(value === undefined ? {} : { value }) };
    const answer = await askNode(address, method, `/kvs/keys/${key}`, given);
    const { 'causal-context': context, address: servedBy = null, ...body } = answer.body as Answered;
    expect(context).toBeTypeOf('object');
    expect(context).not.toBeNull();
    this.context = context;
    return { status: answer.status, address: servedBy, body };
  }

  /** The status, and what was read. */
  async get(node: { readonly address: string }, key: string): Promise<readonly [number, unknown]> {
    const { status, body } = await this.ask(node, 'GET', key);
    return [status, body.value];
  }

  async put(node: { readonly address: string }, key: string, value: unknown): Promise<number> {
    return (await this.ask(node, 'PUT', key, value)).status;
  }
}

interface Answered extends Readonly<Record<string, unknown>> {
  readonly 'causal-context': object;
  readonly address?: string;
}
