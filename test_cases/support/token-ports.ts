import type { SessionRequestsPorts } from '../../src/consistency/session-requests.ts';

/** Tokens of a cluster whose groups never change. */
export const TOKENS: Omit<SessionRequestsPorts, 'router'> = {
  cluster: 'c',
  mac: (bytes) => bytes,
  aheadMs: () => 0,
  maxClockSkewMs: 0,
  mayBeGone: () => false,
  hasEnded: () => false,
};
