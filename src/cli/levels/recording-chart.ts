import type { LaneChart } from './lanes.ts';
import type { Recording } from './recording.ts';

/** For people: what the clients saw, and when links were held. */
export function chartOf({ script, requests, heldMs, releasedMs }: Recording): LaneChart {
  return {
    lanes: Object.entries(script.clients).map(([name, controller]) => ({
      name,
      heading: `${name}, at controller ${controller}`,
    })),
    requests,
    rules: [
      { atMs: heldMs, rule: `held back: ${script.heldBack}` },
      { atMs: releasedMs, rule: 'let through' },
    ],
  };
}
