import type { Request } from '../request.ts';
import type { Packet } from './packet.ts';

/** One opcode of the binary protocol. */
export interface BinaryCommand {
  readonly opcode: number;
  readonly name: string;
  /** The kind of request that a well-formed packet becomes; `invalid` for what is always refused. */
  readonly makes: Request['kind'];
  /** Success is not answered, nor is a miss of a read; errors are. */
  readonly quiet: boolean;
  /** The answer names the key. */
  readonly answersKey: boolean;
  /** The answer to a read brings the value along. */
  readonly answersValue: boolean;
  /** Lengths of extras that are accepted, in bytes. */
  readonly extrasBytes: readonly number[];
  readonly key: 'required' | 'none' | 'optional';
  /**
   * What follows the key. `ignored`: memcached does not look at the length of the body, and reads what is
   * left of it as the next packet.
   */
  readonly rest: 'none' | 'value' | 'swallowed' | 'ignored';
  /** A value that is too large takes the entry away that it was to replace. */
  readonly replaces: boolean;
  readonly make: (packet: Packet, command: BinaryCommand, value: Buffer) => Request;
}
