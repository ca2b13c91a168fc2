import { TextClient } from '../test_cases/support/text-client.ts';
import type { LoadResult } from './loader/loader.ts';
import type { Subject } from './subjects/subject.ts';

/** The key as the load generator names it. */
function keyOf(number: number): string {
  return `key-${String(number).padStart(9, '0')}`;
}

export async function zeroCounters(subject: Subject, count: number): Promise<void> {
  using client = await TextClient.connect(subject.ports[0]!);
  for (let number = 0; number < count; number++) {
    const answer = await client.set(keyOf(number), '0');
    if (answer !== 'STORED') throw new Error(`${subject.name}: ${answer}`);
  }
}

/**
 * Reads the counters from every port that clients can connect to. An increment that was answered with an
 * error may have happened or not.
 *
 * @returns what is wrong, human-readable; null when the sums are right
 */
export async function missingCounts(
  subject: Subject,
  count: number,
  { total, errors, misses }: LoadResult,
): Promise<string | null> {
  for (const port of subject.ports) {
    using client = await TextClient.connect(port);
    let sum = 0;
    for (let number = 0; number < count; number++) sum += Number(await client.get(keyOf(number)));
    const [least, most] = [total - errors - misses, total - misses];
    if (sum < least || sum > most) {
      return `${total} increments were sent, ${errors} failed, and the counters on port ${port} add up to ${sum}`;
    }
  }
  return null;
}
