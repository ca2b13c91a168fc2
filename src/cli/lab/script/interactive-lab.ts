import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { HISTORY_LINES_MAX, loadHistory, saveHistory } from '../../client/history.ts';
import { stateDirectory } from '../../locations.ts';
import type { Lab } from '../lab.ts';
import { completeLab, labHelp } from './lab-help.ts';
import { type LabOutput, readable } from './output.ts';
import { ScriptRunner, wordsOf } from './script-runner.ts';

/** A lab at a terminal: a prompt, one command a line. An unknown command ends nothing. */
export class InteractiveLab {
  readonly #lab: Lab;
  readonly #terminal: Interface;
  readonly #runner: ScriptRunner;
  readonly #historyFile = join(stateDirectory(), 'lab-history');
  /** Lines are worked off one after the other, also when several were pasted at once. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#terminal = createInterface({
      input: process.stdin,
      output: process.stdout,
      completer: (line: string) => completeLab(lab, line),
      history: loadHistory(this.#historyFile),
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
    });
    this.#runner = new ScriptRunner(lab, TERMINAL, { keepGoing: true, isNumbered: false });
  }

  /** Resolves when the user leaves: by `exit`, Ctrl-D or Ctrl-C. @returns the exit code */
  async run(): Promise<number> {
    process.stdout.write('a lab without servers. "help" lists the commands, "exit" leaves.\n');
    const left = new Promise<void>((resolve, reject) => {
      this.#terminal.once('close', resolve);
      this.#terminal.on('line', (line) => {
        this.#work = this.#work.then(() => this.#onLine(line));
        this.#work.catch(reject);
      });
    });
    this.#terminal.once('close', () => {
      this.#isClosed = true;
    });
    this.#terminal.on('history', (lines: string[]) => saveHistory(this.#historyFile, lines));
    this.#prompt();
    await left;
    await this.#work;
    return 0;
  }

  async #onLine(line: string): Promise<void> {
    const [name] = wordsOf(line);
    if (name === 'exit' || name === 'quit') this.#terminal.close();
    else if (name === 'help') process.stdout.write(`${labHelp()}\n`);
    else await this.#runner.run(Buffer.from(line, 'utf8').toString('latin1'));
    this.#prompt();
  }

  #prompt(): void {
    if (this.#isClosed) return;
    const servers = this.#lab.roster.servers.map(({ self }) => self.id).join(' ');
    this.#terminal.setPrompt(servers === '' ? 'lab> ' : `lab ${servers}> `);
    this.#terminal.prompt(true);
  }
}

const TERMINAL: LabOutput = {
  answer: (line) => void process.stdout.write(`${readable(line)}\n`),
  show: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stdout.write(`${line}\n`),
};
