import { createHmac } from 'node:crypto';

/** Stands for the secret where there is none: then a token proves no more than that it was not damaged. */
const NO_SECRET = Buffer.from('memchorus without a secret');

/** Authenticates the session tokens of a cluster, by a key of their own that comes from the cluster secret. */
export function tokenMacOf(secret: Buffer | null, cluster: string): (bytes: Buffer) => Buffer {
  const key = createHmac('sha256', secret ?? NO_SECRET)
    .update(`memchorus session tokens of ${cluster}`)
    .digest();
  return (bytes) => createHmac('sha256', key).update(bytes).digest();
}
