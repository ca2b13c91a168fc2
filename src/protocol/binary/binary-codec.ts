import type { ClientCodec } from '../client-codec.ts';
import { BinaryDecoder } from './binary-decoder.ts';
import { encodeBinary } from './binary-encoder.ts';

/** memcached's binary protocol. */
export class BinaryCodec extends BinaryDecoder implements ClientCodec {
  readonly encode = encodeBinary;
}
