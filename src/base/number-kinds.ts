/**
 * The kinds of numbers that must not be mixed up. A plain number may become one of any kind, and a result of arithmetic is
 * a plain number again; but the compiler refuses a number of one kind where another is due. It does not look at `<` and
 * `>`, which take all numbers. Nothing of this is there when the code runs.
 */
type NumberOf<Kind extends string> = number & { readonly kind?: Kind };

/** Which controller, from 0 to 255. */
export type ControllerId = NumberOf<'controller id'>;

/** The place of a request in its origin's stream, from 1; 0 where the request belongs to no stream. */
export type SequenceNumber = NumberOf<'sequence number'>;

/** The time of a version: a reading of a hybrid logical clock; 0 for none. */
export type VersionTime = NumberOf<'version time'>;

/** Milliseconds since 1970, by the wall clock of a machine, or as the cluster has agreed on it. */
export type WallMs = NumberOf<'wall ms'>;

/** Milliseconds from an arbitrary start, by the monotonic clock of this machine. */
export type MonotonicMs = NumberOf<'monotonic ms'>;

/** Which group of controllers: 0 is the root group. */
export type GroupNumber = NumberOf<'group number'>;
