/** The rooms whose code runs in a controller and in a simulation: clock, chance, sockets and files come in by ports. */
export const PURE_ROOMS = [
  'base',
  'protocol',
  'ordering',
  'membership',
  'replication',
  'consistency',
  'placement',
];
