import { HttpProblem } from '../../http/problems.ts';
import { jsonIn } from '../json-text.ts';

/**
 * The `value` of a body `{"value": …}`, as text in JSON.
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
    return jsonIn(body);
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
