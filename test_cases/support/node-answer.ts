import { request } from 'node:http';

/** An answer of a node: the body as parsed JSON, or as text where it is none. */
export interface NodeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** How long a node may take for an answer, in milliseconds. */
const WITHIN_MS = 20_000;

/**
 * Asks as clients do, which send a body with every method: an object as JSON, and a text as it is.
 *
 * @throws when there is no answer
 */
export function askNode(address: string, method: string, path: string, body?: unknown): Promise<NodeAnswer> {
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  const headers = {
    'content-length': Buffer.byteLength(text),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(WITHIN_MS);
    const asking = request(
      `http://${address}${path}`,
      { method, headers, agent: false, signal },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const said = Buffer.concat(chunks).toString();
          const isJson = (answer.headers['content-type'] ?? '').startsWith('application/json');
          resolve({ status: answer.statusCode!, body: isJson ? JSON.parse(said) : said });
        });
      },
    );
    asking.on('error', reject);
    asking.end(text);
  });
}
