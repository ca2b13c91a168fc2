import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { NetworkAddress } from '../../base/transport.ts';
import { bodyOfAnswer, JSON_TYPE, mainIsDown } from './answers.ts';

export interface FollowerPorts {
  readonly main: NetworkAddress;
  /** What calls to the main instance come from; null for any address of this machine. */
  readonly from: string | null;
  /** A client gets its answer within this time, in milliseconds. */
  readonly answeredWithinMs: number;
  /** The largest body that is passed on, in either direction, in bytes. */
  readonly bodyBytesMax: number;
}

/** What is passed on of one message. */
interface Passed {
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** How long a client may take for its request, in milliseconds. */
const REQUEST_MS = 60_000;

/**
 * A follower of `forward`: it passes every request on to the main instance, and hands back what that answers. It keeps
 * nothing, and holds no connection to the main instance, which may be another process by the next request.
 */
export function followerServer(ports: FollowerPorts): Server {
  return createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (from, to) => void serve(ports, from, to),
  );
}

async function serve(ports: FollowerPorts, from: IncomingMessage, to: ServerResponse): Promise<void> {
  const body = await bodyOf(from, ports.bodyBytesMax).catch(() => null);
  if (body === null) {
    to.writeHead(413, { connection: 'close' }).end();
    return;
  }
  try {
    const { status, passed } = await call(ports, from, body);
    to.writeHead(status, { ...headersOf(passed), 'content-length': passed.body.length }).end(passed.body);
  } catch {
    const answer = mainIsDown(from.method ?? '');
    to.writeHead(answer.status, { 'content-type': JSON_TYPE }).end(bodyOfAnswer(answer));
  }
}

/** @throws when the main instance does not answer in time */
function call(
  { main, from, answeredWithinMs, bodyBytesMax }: FollowerPorts,
  asked: IncomingMessage,
  body: Buffer,
): Promise<{ readonly status: number; readonly passed: Passed }> {
  return new Promise((resolve, reject) => {
    const calling = request(
      {
        host: main.host,
        port: main.port,
        method: asked.method ?? 'GET',
        path: asked.url ?? '/',
        headers: {
          ...headersOf({ contentType: asked.headers['content-type'], body }),
          'content-length': body.length,
        },
        agent: false,
        signal: AbortSignal.timeout(answeredWithinMs),
        ...(from === null ? {} : { localAddress: from }),
      },
      (answer) => {
        const status = answer.statusCode!;
        bodyOf(answer, bodyBytesMax).then(
          (answered) =>
            resolve({ status, passed: { contentType: answer.headers['content-type'], body: answered } }),
          reject,
        );
      },
    );
    calling.on('error', reject);
    calling.end(body);
  });
}

function headersOf({ contentType }: Passed): Record<string, string> {
  return contentType === undefined ? {} : { 'content-type': contentType };
}

/** @throws for a message that is larger, or cut short */
async function bodyOf(message: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
