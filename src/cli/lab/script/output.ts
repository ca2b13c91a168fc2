/** Where the lines of a lab go. */
export interface LabOutput {
  /** An answer, on standard output. @param line a latin-1 string: its bytes are written as they are */
  answer(line: string): void;
  /** A line for people, on standard output: of `show` and `trace`. */
  show(line: string): void;
  /** On standard error. */
  complain(line: string): void;
}

/** Keys and values, as people read them: no byte of theirs commands a terminal. @param bytes a latin-1 string */
export function readable(bytes: string): string {
  return Buffer.from(bytes, 'latin1')
    .toString('utf8')
    .replace(/\p{Cc}/gu, '·');
}
