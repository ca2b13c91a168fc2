/** The part of a socket that writers need. */
export interface ByteSink {
  /** @param sent called when the kernel has the bytes, or they can't be sent any more */
  write(bytes: Buffer, sent?: (error?: Error | null) => void): unknown;
  /** Gathers everything that is written until `uncork`, which writes it in one piece. */
  cork(): void;
  uncork(): void;
}

/** Writes all parts in one piece. A single part, the usual case, is written directly. */
export function writeParts(sink: ByteSink, parts: readonly Buffer[]): void {
  if (parts.length === 1) {
    sink.write(parts[0]!);
    return;
  }
  sink.cork();
  for (const part of parts) sink.write(part);
  sink.uncork();
}

/** Like `writeParts`, and calls `sent` with each part of at least this size once the kernel has it. */
export function writePartsAndTell(
  sink: ByteSink,
  parts: readonly Buffer[],
  bytesMin: number,
  sent: (part: Buffer) => void,
): void {
  if (parts.length === 1) return writeParts(sink, parts);
  sink.cork();
  for (const part of parts) {
    if (part.length < bytesMin) sink.write(part);
    else
      sink.write(part, (error) => {
        if (error == null) sent(part);
      });
  }
  sink.uncork();
}
