/**
 * What the `expect` lines of a script say of the command before them: each takes the next line that it has printed.
 * Once one is given, all lines have to be expected.
 */
export class Expectations {
  /** What the last command has printed and no `expect` has taken. */
  #left: string[] = [];
  #error: string | null = null;
  #isChecked = false;
  #met = 0;
  #failed = 0;

  get met(): number {
    return this.#met;
  }

  get failed(): number {
    return this.#failed;
  }

  /** A command begins. @returns what the one before has printed, although it was not expected; null when all is well */
  begin(): string | null {
    const [first] = this.#left;
    const isMore = this.#isChecked && first !== undefined;
    if (isMore) this.#failed++;
    this.#left = [];
    this.#error = null;
    this.#isChecked = false;
    return isMore ? `"${first}" was printed, and no expect line names it` : null;
  }

  /** The command has printed these lines. */
  printed(lines: readonly string[]): void {
    this.#left = [...lines];
  }

  /** The command could not be carried out. */
  failedWith(error: string): void {
    this.#error = error;
  }

  /** @param expected `nothing`, `error`, or a line. @returns what is wrong; null when it is met */
  check(expected: string): string | null {
    if (expected === '') {
      this.#failed++;
      return 'expect what? Give a line, nothing, or error';
    }
    this.#isChecked = true;
    const found = this.#found();
    if (found === expected) {
      this.#met++;
      return null;
    }
    this.#failed++;
    return `expected ${expected}, and found ${found === 'error' ? `an error: ${this.#error}` : found}`;
  }

  #found(): string {
    if (this.#error !== null) return 'error';
    return this.#left.shift() ?? 'nothing';
  }
}
