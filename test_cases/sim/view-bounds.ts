/** How often the view of a group may change in a run. */

/**
 * How many views may follow the one in which the remaining controllers serve: one that had just been taken back may be
 * left out.
 */
export const VIEWS_MORE_MAX = 1;

/** How many views there may be until all are members, and around a controller that runs in bursts. */
export const VIEWS_AT_START = 4;
export const VIEWS_PER_BURSTS_MAX = 6;

/** A move of a keyspace to another group: it begins, goes on behind the barrier, settles, and is over. */
export const VIEWS_PER_MOVE = 4;
