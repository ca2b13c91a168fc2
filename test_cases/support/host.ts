/** The place where a process of a test runs: for the network, a machine of its own. */
export interface Host {
  readonly address: string;
  /** The beginning of a command line that runs on the host. */
  readonly command: readonly string[];
}

export const LOOPBACK: Host = { address: '127.0.0.1', command: [] };
