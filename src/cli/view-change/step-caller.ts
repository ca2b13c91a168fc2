import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { parseAddress } from '../../base/address-text.ts';
import { type AskNode, StepFailed } from '../../dialects/view-change/change/messages.ts';
import { isProof, proofOf } from '../../dialects/view-change/change/proof.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { reasonOf, systemCodeOf } from '../failure.ts';

/** Where nodes ask each other. */
export const STEP_PATH = '/kvs/view-change/step';

/** Pages of other sites cannot send this type without a question first, which is not answered. */
export const STEP_TYPE = 'application/x-memchorus-step';

export const ONCE_HEADER = 'x-memchorus-once';
export const PROOF_HEADER = 'x-memchorus-proof';

/** The status of an answer by another process than the one that was asked for. */
export const OTHER_RUN = 410;

/** The largest answer, in bytes: a view of 256 nodes and more. */
const ANSWER_BYTES_MAX = 262_144;

/** @param secret null where nodes are on one machine @param from the address that calls leave from; null for any */
export function stepCaller(secret: Buffer | null, from: string | null): AskNode {
  return async (address, run, message, withinMs) => {
    const once = randomBytes(16).toString('hex');
    const body = Buffer.from(JSON.stringify({ run, message }));
    const { status, proof, text } = await send(address, { once, body, secret, from, withinMs });
    if (secret !== null && !isProof(proof, proofOf(secret, 'answer', once, Buffer.from(`${status} ${text}`))))
      throw new StepFailed(`${address} has not the same cluster secret`);
    if (status === OTHER_RUN) throw new StepFailed(`${address} was started anew`, true);
    const answer = parsed(text, address);
    if (status !== 200) throw new StepFailed(`${address} says: ${String(answer.reason)}`);
    return answer as never;
  };
}

interface Sent {
  readonly once: string;
  readonly body: Buffer;
  readonly secret: Buffer | null;
  readonly from: string | null;
  readonly withinMs: number;
}

interface Received {
  readonly status: number;
  readonly proof: string;
  readonly text: string;
}

function send(address: string, { once, body, secret, from, withinMs }: Sent): Promise<Received> {
  const to = parseAddress(address);
  if (to === null) return Promise.reject(new StepFailed(`"${address}" is no address`));
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(
        new StepFailed(
          `${address} does not answer: ${reasonOf(error)}`,
          systemCodeOf(error) === 'ECONNREFUSED',
        ),
      );
    const calling = request({
      ...to,
      method: 'POST',
      path: STEP_PATH,
      agent: false,
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(withinMs))),
      headers: {
        host: address,
        'content-type': STEP_TYPE,
        'content-length': body.length,
        [ONCE_HEADER]: once,
        ...(secret === null ? {} : { [PROOF_HEADER]: proofOf(secret, 'question', once, body) }),
      },
      ...(from !== null && isLoopback(to.host) ? { localAddress: from } : {}),
    });
    calling.on('error', fail);
    calling.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_BYTES_MAX) response.destroy(new Error('its answer is too large'));
      });
      response.on('error', fail);
      response.on('end', () =>
        resolve({ status: response.statusCode!, proof: String(response.headers[PROOF_HEADER] ?? ''), text }),
      );
    });
    calling.end(body);
  });
}

function parsed(text: string, address: string): { readonly reason?: unknown } {
  try {
    return JSON.parse(text) as { readonly reason?: unknown };
  } catch {
    throw new StepFailed(`${address} gives no answer of a view change`);
  }
}
