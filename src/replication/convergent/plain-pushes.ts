import type { PeerBus } from '../../membership/peer-bus.ts';
import type { Effect } from '../../ordering/effect.ts';
import type { Push } from './messages.ts';

/** At `eventual`. What an earlier run wrote is not known here: the first push follows on nothing. */
export function pushBy(
  bus: PeerBus<Push>,
): (previousTime: number | null, effects: readonly Effect[]) => void {
  return (previousTime, effects) =>
    bus.sendToAll({ type: 'push', previousTime: previousTime ?? effects[0]!.version.time - 1, effects });
}
