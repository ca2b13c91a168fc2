import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a proof is for: an answer is never taken for a question. */
type Part = 'question' | 'answer';

/**
 * Proves that the sender of these bytes has the cluster secret. Each question has a number that is used once, and its
 * answer is proved with the same one.
 */
export function proofOf(secret: Buffer, part: Part, once: string, body: Buffer): string {
  const mac = createHmac('sha256', secret).update(`memchorus view change ${part}\n${once}\n`);
  return mac.update(body).digest('hex');
}

/** Takes the same time wherever the first difference is. */
export function isProof(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
