import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../../failure.ts';
import { didYouMean } from '../../suggestion.ts';
import { ParticipantGone } from '../hosts/lab-host.ts';
import type { Lab } from '../lab.ts';
import { LabError } from '../roster.ts';
import { LAB_COMMANDS, type LabCommand } from './commands.ts';
import { Expectations } from './expectations.ts';
import { type LabOutput, readable } from './output.ts';
import { LINE_BYTES_MAX } from './script-lines.ts';

export interface RunnerOptions {
  /** An unknown command does not end the script. */
  readonly keepGoing: boolean;
  /** The lines are numbered in what is said of them. */
  readonly isNumbered: boolean;
}

/** Carries out the lines of a script, one after the other. */
export class ScriptRunner {
  readonly #lab: Lab;
  readonly #output: LabOutput;
  readonly #options: RunnerOptions;
  readonly #expectations = new Expectations();
  #lines = 0;
  #unknown = 0;
  #checked = 0;

  constructor(lab: Lab, output: LabOutput, options: RunnerOptions) {
    this.#lab = lab;
    this.#output = output;
    this.#options = options;
  }

  /** @param line a latin-1 string; null for one that is too long. @returns false when the script ends here */
  async run(line: string | null): Promise<boolean> {
    this.#lines++;
    await this.#tellOfDead();
    if (line === null) this.#complain(`the line is longer than ${LINE_BYTES_MAX} bytes`);
    const words = wordsOf(line ?? '');
    const [name] = words;
    if (name === undefined || name.startsWith('#')) return true;
    if (name === 'expect') this.#expect(line!);
    else {
      this.#endCheck();
      const command = LAB_COMMANDS.get(name);
      if (command === undefined) return this.#onUnknown(name);
      await this.#carryOut(name, command, words.slice(1));
    }
    return true;
  }

  /** To be called after the last line. @returns the exit code */
  finish(): number {
    this.#endCheck();
    const { met, failed } = this.#expectations;
    if (failed > 0) this.#output.complain(`${failed} of ${this.#checked} expectations are not met`);
    else if (met > 0)
      this.#output.complain(met === 1 ? 'the expectation is met' : `all ${met} expectations are met`);
    if (this.#unknown > 0) return EXIT_USAGE;
    return failed > 0 ? EXIT_FAILED : EXIT_OK;
  }

  async #carryOut(name: string, command: LabCommand, words: readonly string[]): Promise<void> {
    const [least, most] = command.words;
    try {
      if (words.length < least || words.length > most || words.includes(''))
        throw new LabError(
          `${name} is written: ${`${name} ${command.usage}`.trim()}, with single spaces between`,
        );
      const printed = await command.run(this.#lab, words);
      if (printed === undefined) return;
      this.#expectations.printed(printed.kind === 'answers' ? printed.lines : printed.lines.map(asBytes));
      for (const line of printed.lines) {
        if (printed.kind === 'answers') this.#output.answer(line);
        else this.#output.show(line);
      }
    } catch (error) {
      if (!(error instanceof LabError || error instanceof ParticipantGone)) throw error;
      this.#expectations.failedWith(error.message);
      this.#complain(error.message);
    }
  }

  /** What is printed is the earlier system's, to the byte. */
  #onUnknown(name: string): boolean {
    this.#unknown++;
    this.#output.answer(`failed to process: ${name}`);
    const hint = didYouMean(name, [...LAB_COMMANDS.keys(), 'expect']);
    const end = this.#options.keepGoing ? '' : '; nothing after it is run (--keep-going goes on)';
    this.#complain(`there is no command "${name}"${hint}${end}`);
    return this.#options.keepGoing;
  }

  #expect(line: string): void {
    this.#checked++;
    const wrong = this.#expectations.check(trimmed(line).slice('expect '.length));
    if (wrong !== null) this.#complain(wrong);
  }

  #endCheck(): void {
    const wrong = this.#expectations.begin();
    if (wrong === null) return;
    this.#checked++;
    this.#complain(`before this line, ${wrong}`);
  }

  async #tellOfDead(): Promise<void> {
    for (const { kind, id } of await this.#lab.takeDead())
      this.#complain(`${kind} ${id} has ended by itself; it counts as killed`);
  }

  #complain(what: string): void {
    this.#output.complain(
      this.#options.isNumbered ? `line ${this.#lines}: ${readable(what)}` : readable(what),
    );
  }
}

/** The line as it would stand in a script: `readable` the other way round. */
function asBytes(line: string): string {
  return Buffer.from(line, 'utf8').toString('latin1');
}

/** Spaces at the ends mean nothing; within a line, each ends a word. A blank line has no words. */
export function wordsOf(line: string): string[] {
  const text = trimmed(line);
  return text === '' ? [] : text.split(' ');
}

function trimmed(line: string): string {
  return line.replace(/^ +/, '').replace(/[ \r]+$/, '');
}
