export const DURABILITIES = ['none', 'async', 'sync'] as const;

/** What of a write is on disk when it is answered: nothing ever; nothing yet; all. */
export type Durability = (typeof DURABILITIES)[number];
