import type { ByteReader, ByteWriter } from '../../base/byte-writer.ts';

/** The body of one kind of message in bytes and back. Reading throws a FrameError where the bytes are none. */
export interface Codec<Message> {
  write(writer: ByteWriter, message: Message): void;
  read(reader: ByteReader): Message;
}
