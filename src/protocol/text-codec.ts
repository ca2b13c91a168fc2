import type { ClientCodec } from './client-codec.ts';
import { TextProtocolDecoder } from './text-decoder.ts';
import { encodeText } from './text-encoder.ts';

/** The text protocol, meta commands included. */
export class TextCodec extends TextProtocolDecoder implements ClientCodec {
  readonly encode = encodeText;
}
