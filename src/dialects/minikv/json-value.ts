import { HttpProblem } from '../../http/problems.ts';

/** `JSON` with what its types do not have yet: the text that a value was read from, and text that is written as it is. */
interface JsonWithSource {
  parse(
    text: string,
    revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}

const JSON_WITH_SOURCE = JSON as unknown as JsonWithSource;

/**
 * The `value` of a body `{"value": …}`, as text in JSON. Numbers keep their digits, however many those are: a client
 * gets back what it gave.
 *
 * @throws HttpProblem when the body is no such object
 */
export function valueTextOf(body: Buffer): string {
  if (body.length === 0)
    throw new HttpProblem('MALFORMED', 'the request has no body; it should be {"value": ...}');
  const parsed = parsedBody(body);
  if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, 'value'))
    throw new HttpProblem('MALFORMED', 'the body should be an object with a member "value"');
  return textOf((parsed as { readonly value: unknown }).value);
}

function parsedBody(body: Buffer): unknown {
  try {
    return JSON_WITH_SOURCE.parse(UTF_8.decode(body), withDigitsKept);
  } catch (error) {
    // A text that is nested too deeply ends in a RangeError.
    throw new HttpProblem('MALFORMED', `the body is no JSON: ${(error as Error).message}`);
  }
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new HttpProblem('MALFORMED', `the value cannot be stored: ${(error as Error).message}`);
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

function withDigitsKept(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  return JSON_WITH_SOURCE.rawJSON(source);
}
