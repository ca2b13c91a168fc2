/** A longer line is refused: no command needs it, and none is kept in memory. */
export const LINE_BYTES_MAX = 65_536;

/**
 * The lines of a script as latin-1 strings, so that no byte is lost; null stands for a line that is too long. The last
 * one need not be ended.
 */
export async function* scriptLines(input: AsyncIterable<Buffer>): AsyncGenerator<string | null> {
  let begun = '';
  let isTooLong = false;
  for await (const chunk of input) {
    const [first = '', ...others] = chunk.toString('latin1').split('\n');
    begun = isTooLong ? '' : begun + first;
    for (const next of others) {
      yield isTooLong || begun.length > LINE_BYTES_MAX ? null : begun;
      isTooLong = false;
      begun = next;
    }
    if (begun.length > LINE_BYTES_MAX) {
      isTooLong = true;
      begun = '';
    }
  }
  if (isTooLong) yield null;
  else if (begun !== '') yield begun;
}
