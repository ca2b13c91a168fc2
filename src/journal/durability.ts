export const DURABILITIES = ['none', 'async', 'sync'] as const;

/**
 * Which part of a write is on disk when it is answered. `none`: no part, and none will be; `async`: none is
 * promised yet; `sync`: all of it, on every member.
 */
export type Durability = (typeof DURABILITIES)[number];
