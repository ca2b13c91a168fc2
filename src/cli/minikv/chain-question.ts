import { request } from 'node:http';
import { CALLING_HOST, NODE_HOST, nodePortOf } from '../../dialects/minikv/chain-ports.ts';
import { reasonOf } from '../failure.ts';

/** What a node of a chain has answered. */
export type ChainAnswer =
  | { readonly kind: 'done'; readonly body: unknown }
  /** It will not be done while things are as they are. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** What was asked for is not known there. */
  | { readonly kind: 'unknown' }
  /** It cannot be done now. */
  | { readonly kind: 'later'; readonly code: string; readonly reason: string }
  /** Nobody answers: the node takes no connection, or has broken it. */
  | { readonly kind: 'absent'; readonly reason: string }
  /** Somebody listens there, and has not answered in time. */
  | { readonly kind: 'silent'; readonly reason: string };

/** How long a node may take to answer, in milliseconds. */
const ANSWERED_WITHIN_MS = 2_500;

/** Asks the node with this index. @param question such as `nodes?index=1` */
export async function askNode(index: number, question: string): Promise<ChainAnswer> {
  const late = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  try {
    const { status, text } = await send(nodePortOf(index), `/chain/${question}`, late);
    const body: unknown = JSON.parse(text);
    if (status === 200) return { kind: 'done', body };
    if (status === 404) return { kind: 'unknown' };
    const { code, detail } = body as { readonly code?: unknown; readonly detail?: unknown };
    const reason = `node ${index} says: ${String(detail)}`;
    return code === 'MEMBERS_FIXED'
      ? { kind: 'refused', reason }
      : { kind: 'later', code: String(code), reason };
  } catch (error) {
    if (late.aborted)
      return { kind: 'silent', reason: `node ${index} does not answer; if it hangs, stop it` };
    return { kind: 'absent', reason: `node ${index} cannot be asked: ${reasonOf(error)}` };
  }
}

function send(
  port: number,
  path: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const from = CALLING_HOST === null ? {} : { localAddress: CALLING_HOST };
    const sent = request({ host: NODE_HOST, port, method: 'POST', path, agent: false, signal, ...from });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('error', reject);
      response.once('end', () => resolve({ status: response.statusCode!, text }));
    });
    sent.end();
  });
}
