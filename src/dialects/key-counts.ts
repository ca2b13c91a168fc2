import type { ControllerId } from '../base/number-kinds.ts';
import type { HttpPorts } from '../http/http-ports.ts';

/** How many keys a node has; null when it does not say so in time. */
export async function keyCountOf(
  id: ControllerId,
  { self, keyCount, runCommands }: HttpPorts,
): Promise<number | null> {
  if (id === self) return keyCount();
  const answer = (await runCommands(id, 'stats\r\n')) ?? '';
  const [, count] = /^STAT curr_items (\d+)\r$/m.exec(answer) ?? [];
  return count === undefined ? null : Number(count);
}
