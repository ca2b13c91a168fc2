/** The rooms that do no I/O: clock, chance, sockets and files come in by ports. */
export const PURE_ROOMS = [
  'base',
  'protocol',
  'ordering',
  'membership',
  'replication',
  'consistency',
  'placement',
  'checkers',
];
