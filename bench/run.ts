import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OperationError, reasonOf } from '../src/cli/failure.ts';
import { missingCounts, zeroCounters } from './counters.ts';
import type { Entrant, Group, Scenario } from './groups.ts';
import type { Load, Loader, LoadResult } from './loader/loader.ts';
import type { Options } from './options.ts';
import { cpuSeconds, type MachineTime, machineTime, type Resident, residentOf } from './processes.ts';
import type { Cell, Memory, Results, Round } from './results.ts';
import type { Subject } from './subjects/subject.ts';

/**
 * Length of the warm-up before each measurement, as a part of `--seconds`: connections are made, and the load
 * settles.
 */
const WARMUP_PART = 0.2;

/**
 * Requests in flight on each connection while keys are filled in: the second and third when the first was too
 * much.
 */
const FILL_DEPTHS = [16, 4, 1];
const FILL_CONNECTIONS = 16;

/** Values above this size, in bytes, are filled in one at a time per connection. */
const FILL_VALUE_MAX = 10_000;

export interface RunPorts {
  readonly options: Options;
  readonly loader: Loader;
  readonly signal: AbortSignal;
  /** Reports the current step in a few words. */
  readonly tell: (words: string) => void;
}

/** A running subject, and the keys that it holds. */
interface Running extends Entrant {
  readonly subject: Subject;
  readonly idle: Resident;
}

type Findings = Pick<Results, 'skipped' | 'failures' | 'cells' | 'memory'>;

/**
 * Measures the groups one after the other. Within a group all subjects run at once, and each round of a
 * scenario visits them in turn, beginning with another subject each time, so that a disturbance of the
 * machine affects all of them.
 */
export class Run {
  readonly #ports: RunPorts;
  readonly #directory: string;
  readonly #skipped: { what: string; why: string }[] = [];
  readonly #failures: string[] = [];
  readonly #rounds = new Map<string, Round[]>();
  readonly #cells: Cell[] = [];
  readonly #memory: Memory[] = [];

  /** @throws OperationError when there is no disk space for the files of the servers */
  constructor(ports: RunPorts) {
    this.#ports = ports;
    const directory = makeDirectory(ports.options.directory);
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
    this.#directory = directory;
  }

  get findings(): Findings {
    return { skipped: this.#skipped, failures: this.#failures, cells: this.#cells, memory: this.#memory };
  }

  /** Measures the groups. It ends early when the signal is aborted; nothing is left running in any case. */
  async measure(groups: readonly Group[]): Promise<void> {
    for (const group of groups) {
      if (!this.#ports.signal.aborted) await this.#group(group);
    }
  }

  async #group(group: Group): Promise<void> {
    const started: Subject[] = [];
    const running: Running[] = [];
    try {
      for (const entrant of group.entrants) {
        const one = await this.#enter(group, entrant, started);
        if (one !== null) running.push(one);
      }
      for (let round = 0; round < this.#ports.options.rounds; round++) {
        for (const scenario of group.scenarios) await this.#round(group, scenario, running, round);
      }
      if (group.part === 'keys') this.#weigh(running);
    } finally {
      this.#ports.tell(`${group.name}: stopping`);
      const stopped = await Promise.allSettled(started.map((subject) => subject.stop()));
      for (const one of stopped) {
        if (one.status === 'rejected') this.#failures.push(`${group.name}: ${reasonOf(one.reason)}`);
      }
    }
  }

  /**
   * Starts a subject and fills its keys in. @returns null when it cannot be measured; the reason is then in
   * the results
   */
  async #enter(group: Group, entrant: Entrant, started: Subject[]): Promise<Running | null> {
    const { kind, keys } = entrant;
    if (this.#ports.signal.aborted) return null;
    const why = kind.obstacle();
    if (why !== null) {
      this.#skipped.push({ what: `${group.name}: ${kind.name}`, why });
      return null;
    }
    this.#ports.tell(`${group.name}: ${kind.name}: starting, ${keys} keys`);
    try {
      const subject = await kind.start(mkdtempSync(join(this.#directory, `${group.name}-`)));
      started.push(subject);
      const idle = largestFront(subject);
      if (!group.counts) await this.#fill(subject, keys, group.value);
      if (!group.counts) await this.#warm(subject, keys, group.value);
      return { ...entrant, subject, idle };
    } catch (error) {
      this.#fail(`${group.name}: ${kind.name}`, error);
      return null;
    }
  }

  /**
   * Fills the keys in, again and more slowly when a part was refused: a measurement of misses would be
   * worthless.
   */
  async #fill(subject: Subject, keys: number, value: number): Promise<void> {
    let refused = '';
    for (const depth of value > FILL_VALUE_MAX ? [1] : FILL_DEPTHS) {
      const result = await this.#load(subject, {
        connections: FILL_CONNECTIONS,
        depth,
        fill: 1,
        keys,
        value,
      });
      if (result.errors === 0) return;
      refused = `${result.errors} of ${keys} keys were refused: ${result.firstError}`;
    }
    throw new OperationError('BENCH', refused);
  }

  /** Runs half sets and half gets, so that code is compiled and memory is allocated. */
  async #warm(subject: Subject, keys: number, value: number): Promise<void> {
    const seconds = this.#ports.options.warmUpSeconds;
    const gets = subject.dialect === 'etcd' ? 0 : 50;
    const connections = value > FILL_VALUE_MAX ? FILL_CONNECTIONS : 50;
    await this.#load(subject, { connections, keys, value, gets, seconds });
  }

  async #round(group: Group, scenario: Scenario, running: readonly Running[], round: number): Promise<void> {
    const takers = running.filter(
      ({ kind }) => carries(kind.dialect, scenario.load) && takes(scenario, kind),
    );
    for (let i = 0; i < takers.length; i++) {
      if (this.#ports.signal.aborted) return;
      await this.#visit(group, scenario, takers[(i + round) % takers.length]!, round);
    }
  }

  async #visit(group: Group, scenario: Scenario, one: Running, round: number): Promise<void> {
    const { rounds, seconds } = this.#ports.options;
    const what = `${group.name}: ${scenario.name}: ${one.kind.name}`;
    this.#ports.tell(`${what}: round ${round + 1} of ${rounds}`);
    try {
      if (group.counts) await zeroCounters(one.subject, one.keys);
      const warmup = seconds * WARMUP_PART;
      const load = { value: group.value, keys: one.keys, seconds, warmup, seed: round + 1, ...scenario.load };
      const machineBefore = machineTime();
      const before = one.subject.processes.map(({ pid }) => cpuSeconds(pid));
      const result = await this.#load(one.subject, load);
      const cpu = one.subject.processes.map(({ role, name, pid }, i) => {
        return { role, name, seconds: cpuSeconds(pid) - before[i]! };
      });
      const foreignCpu = foreignPart(machineBefore, machineTime(), [
        ...cpu.map(({ seconds }) => seconds),
        result.cpuSeconds,
      ]);
      this.#keep(group, scenario, one, { ...result, cpu, foreignCpu });
      this.#noteErrors(what, result);
      const wrong = group.counts ? await missingCounts(one.subject, one.keys, result) : null;
      if (wrong !== null) this.#failures.push(`${what}: ${wrong}`);
    } catch (error) {
      this.#fail(what, error);
    }
  }

  #keep(group: Group, scenario: Scenario, { kind }: Running, round: Round): void {
    const id = `${group.name}/${scenario.name}/${kind.name}`;
    const rounds = this.#rounds.get(id);
    if (rounds !== undefined) {
      rounds.push(round);
      return;
    }
    const started = [round];
    this.#rounds.set(id, started);
    const { name, title } = scenario;
    this.#cells.push({ group: group.name, scenario: name, title, subject: kind.name, rounds: started });
  }

  #weigh(running: readonly Running[]): void {
    for (const { subject, keys, idle } of running) {
      this.#memory.push({ subject: subject.name, keys, idle, loaded: largestFront(subject) });
    }
  }

  #load(subject: Subject, load: Load): Promise<LoadResult> {
    return this.#ports.loader.run(subject.dialect, subject.ports, load, this.#ports.signal);
  }

  #noteErrors(what: string, { errors, misses, unfinished, total, firstError }: LoadResult): void {
    if (errors > 0) this.#failures.push(`${what}: ${errors} of ${total} failed, the first: ${firstError}`);
    if (misses > 0) this.#failures.push(`${what}: ${misses} of ${total} found nothing`);
    if (unfinished > 0) this.#failures.push(`${what}: ${unfinished} were not answered within 5 s of the end`);
  }

  #fail(what: string, error: unknown): void {
    if (!this.#ports.signal.aborted) this.#failures.push(`${what}: ${reasonOf(error)}`);
  }
}

function makeDirectory(within: string): string {
  try {
    return mkdtempSync(join(within, 'memchorus-bench-'));
  } catch (error) {
    throw new OperationError('BENCH', `cannot make a directory in ${within}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** The largest front process of the subject. */
function largestFront(subject: Subject): Resident {
  const fronts = subject.processes.filter(({ role }) => role === 'front').map(({ pid }) => residentOf(pid));
  return fronts.reduce((most, one) => (one.bytes > most.bytes ? one : most));
}

/** Not below 0: the system counts in steps of 10 ms. */
function foreignPart(before: MachineTime, after: MachineTime, own: readonly number[]): number {
  const foreign = after.busy - before.busy - own.reduce((sum, one) => sum + one, 0);
  return Math.max(0, foreign / (after.total - before.total));
}

function takes(scenario: Scenario, kind: Entrant['kind']): boolean {
  return scenario.takes?.(kind) ?? true;
}

/**
 * Whether a dialect of the load generator can carry the load: the one of etcd has only puts, and only the one
 * of memcached counts.
 */
function carries(dialect: Entrant['kind']['dialect'], { gets = 0, incr = 0 }: Load): boolean {
  if (dialect === 'etcd') return gets === 0 && incr === 0;
  return dialect === 'memcached' || incr === 0;
}
