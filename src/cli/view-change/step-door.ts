import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkedMessage, StepFailed, type StepMessage } from '../../dialects/view-change/change/messages.ts';
import { isProof, proofOf } from '../../dialects/view-change/change/proof.ts';
import { isLoopback } from '../../peer/loopback.ts';
import { ONCE_HEADER, OTHER_RUN, PROOF_HEADER, STEP_TYPE } from './step-caller.ts';

export interface StepDoorPorts {
  /** The node's own address, as others name it. */
  readonly address: string;
  readonly run: string;
  /** Null: nodes of this machine alone are listened to. */
  readonly secret: Buffer | null;
  /** @throws StepFailed */
  readonly onMessage: (message: StepMessage) => Promise<object>;
  /** A message met an error that is no refusal. */
  readonly onFault: (error: Error) => void;
}

/** The largest message, in bytes: the entries of one batch in base64, one of them as large as any may be. */
const BODY_BYTES_MAX = 8_388_608;

/** Bodies that are received at once, in bytes. */
const BODIES_BYTES_MAX = 134_217_728;

/**
 * Takes the messages of other nodes. A sender has to prove the cluster secret as a peer does. Where there is none, it
 * has to be on this machine. A page in a browser there is no node: it can send neither this type, nor this host.
 */
export async function answerStep(
  ports: StepDoorPorts,
  asked: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const { secret, address, run } = ports;
  const once = String(asked.headers[ONCE_HEADER] ?? '');
  const reply = (status: number, body: object): void => {
    const text = JSON.stringify(body);
    const proof =
      secret === null
        ? {}
        : { [PROOF_HEADER]: proofOf(secret, 'answer', once, Buffer.from(`${status} ${text}`)) };
    answer.writeHead(status, { 'content-type': STEP_TYPE, connection: 'close', ...proof }).end(text);
  };
  const isOfNode =
    asked.method === 'POST' &&
    asked.headers['content-type'] === STEP_TYPE &&
    asked.headers.host === address &&
    asked.headers.origin === undefined;
  if (!isOfNode) return refuse(asked, answer);
  if (secret === null && !isFromHere(asked)) return refuse(asked, answer);
  const body = await boundedBodyOf(asked).catch(() => null);
  if (body === null || !isProven(asked, secret, once, body)) return refuse(asked, answer);
  try {
    const { run: wantedRun, message } = JSON.parse(body.toString()) as { run: unknown; message: unknown };
    const checked = checkedMessage(message);
    if (wantedRun !== run && (wantedRun !== null || checked.step !== 'status'))
      return reply(OTHER_RUN, { reason: 'this process is another one' });
    reply(200, await ports.onMessage(checked));
  } catch (error) {
    if (!(error instanceof StepFailed)) ports.onFault(error as Error);
    reply(409, { reason: (error as Error).message });
  }
}

function isFromHere({ socket }: IncomingMessage): boolean {
  return isLoopback(socket.remoteAddress ?? '') && isLoopback(socket.localAddress ?? '');
}

function isProven({ headers }: IncomingMessage, secret: Buffer | null, once: string, body: Buffer): boolean {
  if (secret === null) return true;
  return isProof(String(headers[PROOF_HEADER] ?? ''), proofOf(secret, 'question', once, body));
}

function refuse(asked: IncomingMessage, answer: ServerResponse): void {
  answer.writeHead(403, { connection: 'close' }).end();
  asked.resume();
}

let bodiesBytes = 0;

/** A sender has proved nothing before its body is here, so all senders share one limit. @throws beyond it */
async function boundedBodyOf(message: IncomingMessage): Promise<Buffer> {
  const declared = Number(message.headers['content-length'] ?? Number.NaN);
  if (!(declared <= BODY_BYTES_MAX)) throw new RangeError(`more than ${BODY_BYTES_MAX} bytes`);
  if (bodiesBytes + declared > BODIES_BYTES_MAX) throw new RangeError('too many bodies at once');
  bodiesBytes += declared;
  try {
    return await bodyOf(message);
  } finally {
    bodiesBytes -= declared;
  }
}

/** @throws for a body that is larger, or cut short */
async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
