import type { Need } from '../membership/gate.ts';
import type { Keyspace } from '../placement/keyspaces.ts';
import type { Level } from '../placement/level.ts';
import type { Router } from '../placement/router.ts';
import type { RequestContext } from '../replication/request-context.ts';
import type { ReadStrength, Scheme } from '../replication/scheme.ts';
import { SCHEMES, type SchemeName } from '../replication/schemes.ts';

/** A level: the scheme that replicates, and the writes that a read waits for. */
export interface Policy {
  readonly scheme: SchemeName;
  /** What a read sees. */
  readonly reads: ReadStrength;
  /** A read waits for all earlier writes of its own connection. */
  readonly ownWritesFirst: boolean;
}

/**
 * At the ordered levels the requests of a connection take effect in the order in which the client sent them,
 * pipelined or not. At `eventual` a write takes effect here at once, so a connection sees its own writes without
 * waiting for them.
 */
export const POLICIES: Readonly<Record<Level, Policy>> = {
  linearizability: { scheme: 'broadcast', reads: 'strong', ownWritesFirst: true },
  sequential: { scheme: 'broadcast', reads: 'local', ownWritesFirst: true },
  causal: { scheme: 'causal', reads: 'settled', ownWritesFirst: true },
  eventual: { scheme: 'convergent', reads: 'local', ownWritesFirst: false },
};

/** All writes of a keyspace at this level have one order, which the members of a view agree on. */
export function isOrdered(level: Level): boolean {
  return SCHEMES[POLICIES[level].scheme].isOrdered;
}

/** The need that the gate is asked for before a read of this strength. */
export const READ_NEEDS: Readonly<Record<ReadStrength, Need>> = {
  local: 'read',
  settled: 'read',
  strong: 'strong-read',
};

/** The part of a group that carries out requests. */
export interface ServingGroup {
  readonly scheme: Scheme;
}

export type ServedKeyspace = Keyspace<Policy, ServingGroup>;

export type RequestRouter = Router<Policy, ServingGroup>;

/** The policy of the level that the request asks for, or else of the keyspace. */
export function policyOf(keyspace: ServedKeyspace, { level }: RequestContext): Policy {
  return level === null ? keyspace.policy : POLICIES[level];
}
