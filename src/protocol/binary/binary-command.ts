import type { Request } from '../request.ts';
import type { Packet } from './packet.ts';

/** One opcode of the binary protocol. */
export interface BinaryCommand {
  readonly opcode: number;
  readonly name: string;
  /** The kind of request that a well-formed packet becomes; `invalid` for a command that is always refused. */
  readonly makes: Request['kind'];
  /** Neither a success nor the miss of a read is answered; errors are. */
  readonly quiet: boolean;
  /** The answer contains the key. */
  readonly answersKey: boolean;
  /** The answer to a read contains the value. */
  readonly answersValue: boolean;
  /** The lengths of extras that are accepted, in bytes. */
  readonly extrasBytes: readonly number[];
  readonly key: 'required' | 'none' | 'optional';
  /**
   * The bytes behind the key. `ignored`: memcached does not look at the length of the body, and reads the rest of it
   * as the next packet.
   */
  readonly rest: 'none' | 'value' | 'swallowed' | 'ignored';
  /** A value that is too large removes the entry that it was to replace. */
  readonly replaces: boolean;
  readonly make: (packet: Packet, command: BinaryCommand, value: Buffer) => Request;
}
