/**
 * Kinds of numbers that must not be mixed up. A plain number may become a number of any kind, and arithmetic gives a
 * plain number again; but the compiler refuses a number of one kind where another kind is expected. It does not check
 * `<` and `>`, which take all numbers. The kinds exist for the compiler only.
 */
type NumberOf<Kind extends string> = number & { readonly kind?: Kind };

/** The id of a controller, from 0 to 1,023. */
export type ControllerId = NumberOf<'controller id'>;

/** Ids of controllers are below this, since the token of a version has ten bits for them. */
export const IDS_END = 1_024;

/** The place of a request in its origin's stream, from 1; 0 where the request belongs to no stream. */
export type SequenceNumber = NumberOf<'sequence number'>;

/** The time of a version: a reading of a hybrid logical clock; 0 for none. */
export type VersionTime = NumberOf<'version time'>;

/** Milliseconds since 1970, by the wall clock of a machine, or as the cluster has agreed on it. */
export type WallMs = NumberOf<'wall ms'>;

/** Milliseconds from an arbitrary start, by the monotonic clock of this machine. */
export type MonotonicMs = NumberOf<'monotonic ms'>;

/** The number of a group. The root group is 0. */
export type GroupNumber = NumberOf<'group number'>;
