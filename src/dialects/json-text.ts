/** `JSON` with what its types do not have yet: the text that a value was read from, and text that is written as it is. */
interface JsonWithSource {
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}

const JSON_WITH_SOURCE = JSON as unknown as JsonWithSource;

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What the bytes say in JSON. `JSON.stringify` writes its numbers with all the digits that they were read with, so that
 * a client gets back what it gave.
 *
 * @throws an error in words for bytes that are no JSON, or nested too deeply
 */
export function jsonIn(body: Buffer): unknown {
  return JSON_WITH_SOURCE.parse(UTF_8.decode(body), withDigitsKept);
}

function withDigitsKept(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return JSON_WITH_SOURCE.rawJSON(source);
}
