/** What takes bytes: of a socket, what is needed here. */
export interface ByteSink {
  /** @param sent called when the bytes are with the kernel, or can't be sent any more */
  write(bytes: Buffer, sent?: (error?: Error | null) => void): unknown;
  /** Holds back what is written until `uncork`, and then writes it in one piece. */
  cork(): void;
  uncork(): void;
}

/** Has parts leave together; one alone, as nearly always, by the shorter way. */
export function writeParts(sink: ByteSink, parts: readonly Buffer[]): void {
  if (parts.length === 1) {
    sink.write(parts[0]!);
    return;
  }
  sink.cork();
  for (const part of parts) sink.write(part);
  sink.uncork();
}

/** The same, with `sent` told of each part of this size that is with the kernel. */
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
