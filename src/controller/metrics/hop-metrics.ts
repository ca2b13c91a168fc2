import type { Serving } from '../serving.ts';

/** What of a controller these metrics look at. */
interface HopParts {
  readonly core: { readonly serving: Pick<Serving, 'hop' | 'asked'> };
}

/** The rows of `METRICS` that tell of requests for shards of other controllers. They are 0 where there are none. */
export const HOP_METRICS = {
  memchorus_hop_requests: {
    kind: 'counter',
    unit: 'operations',
    help: 'Requests for one key or one group that other controllers were asked to carry out.',
    read: ({ core }: HopParts) => core.serving.hop.asked,
  },
  memchorus_hop_repeated: {
    kind: 'counter',
    unit: 'operations',
    help: 'How often another controller was asked, since the one before had not carried the request out.',
    read: ({ core }: HopParts) => core.serving.hop.askedAgain,
  },
  memchorus_hop_waiting: {
    kind: 'gauge',
    unit: 'operations',
    help: 'Requests that other controllers were asked to carry out and have not answered yet.',
    read: ({ core }: HopParts) => core.serving.hop.unanswered,
  },
  memchorus_hop_taken: {
    kind: 'counter',
    unit: 'operations',
    help: 'Requests of clients of other controllers that this one was asked to carry out.',
    read: ({ core }: HopParts) => core.serving.asked.taken,
  },
} as const;
