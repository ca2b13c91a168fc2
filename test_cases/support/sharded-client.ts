import { expect } from 'vitest';
import { askNode } from './node-answer.ts';

/** A client of the sharded store, which sends the metadata of each answer with its next request. */
export class ShardedClient {
  metadata: unknown = '';
  /** Of the last answer that had one. */
  version = '';

  /** @returns the answer without its version and its metadata */
  async ask(
    { address }: { readonly address: string },
    method: string,
    key: string,
    value?: unknown,
  ): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
    const given = { 'causal-metadata': this.metadata, ...(value === undefined ? {} : { value }) };
    const { status, body } = await askNode(address, method, `/key-value-store/${key}`, given);
    const { 'causal-metadata': metadata, version, ...rest } = body as Record<string, unknown>;
    if (status < 300) {
      expect(metadata).toEqual(expect.any(String));
      expect(version).toMatch(/^\d+$/);
      this.metadata = metadata;
      this.version = version as string;
    }
    return { status, body: rest };
  }
}
