/** Where a process of a test runs: a machine of its own, as far as the network goes. */
export interface Host {
  readonly address: string;
  /** What a command line begins with to run there. */
  readonly command: readonly string[];
}

export const LOOPBACK: Host = { address: '127.0.0.1', command: [] };
