import { parseArgs } from 'node:util';
import { DURABILITIES } from '../src/journal/durability.ts';
import { isLevel, LEVELS } from '../src/placement/level.ts';
import { ORDERED_SCHEMES } from '../src/placement/placed-level.ts';
import { describeFault, FAULT_KINDS, type FaultKind } from '../test_cases/sim/faults.ts';
import { describeStep } from '../test_cases/sim/keyspace-steps.ts';
import type { Outcome } from '../test_cases/sim/outcome.ts';
import { runScenario } from '../test_cases/sim/run-scenario.ts';
import { type Draw, drawScenario, type Scenario } from '../test_cases/sim/scenario.ts';
import { runSeeds } from '../test_cases/sim/seed-pool.ts';
import { showing, shrink } from '../test_cases/sim/shrink.ts';
import { Tally } from '../test_cases/sim/tally.ts';

const USAGE = `npm run sim -- [--seeds 1000] [--first SEED] [--bail]   runs seeds on all cores
npm run sim -- --replay SEED                            one run again, with its transcript
npm run sim -- --shrink SEED                            the smallest run that fails in the same way
  --level ${LEVELS.join('|')}
  --durability ${DURABILITIES.join('|')}
  --scheme ${ORDERED_SCHEMES.join('|')}
  --faults KIND=RATE,…  only these faults, with so many a virtual second
  --workers N           so many runs at the same time, instead of one on each core
  --horizon MS          deletions are not kept for a peer that is silent for longer
  --shards              keys spread over groups of some of the controllers
  --followers           the same, and some controllers do not vote
  --mixed               keyspaces of all levels in one cluster, instead of one level
  --members             controllers come to vote and stop voting
  --joins               the same, and controllers with new ids come and go for good
  --ids-from ID         with --joins: they get ids from this one on
  --switches yes        clients ask for other levels while they read and write; all: of other groups too; no: never.
                        With --mixed: all, or never`;

const SEEDS = 1_000;

/** The bound on the runs of one shrinking. */
const SHRINK_RUNS_MAX = 3_000;

/** Messages that transcripts leave out. */
const LEFT_OUT = ['heartbeat', 'view-part'] as const;

const PROGRESS_EVERY_MS = 2_000;

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string' },
    first: { type: 'string' },
    level: { type: 'string' },
    durability: { type: 'string' },
    scheme: { type: 'string' },
    faults: { type: 'string' },
    horizon: { type: 'string' },
    mixed: { type: 'boolean' },
    members: { type: 'boolean' },
    joins: { type: 'boolean' },
    'ids-from': { type: 'string' },
    shards: { type: 'boolean' },
    followers: { type: 'boolean' },
    switches: { type: 'string' },
    workers: { type: 'string' },
    replay: { type: 'string' },
    shrink: { type: 'string' },
    bail: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const draw = drawOf(options);
  if (options.replay !== undefined) return replay(drawScenario(numberOf('replay', options.replay), draw));
  if (options.shrink !== undefined)
    return shrinkAndPrint(drawScenario(numberOf('shrink', options.shrink), draw));
  const first =
    options.first === undefined ? Math.floor(Date.now() / 1_000) : numberOf('first', options.first);
  return runMany(first, options.seeds === undefined ? SEEDS : numberOf('seeds', options.seeds), draw);
}

async function runMany(first: number, seeds: number, draw: Draw): Promise<number> {
  const tally = new Tally();
  console.log(
    `sim: seeds ${first} to ${first + seeds - 1}; one of them again: ${commandFor('replay', 'SEED')}`,
  );
  const startedMs = performance.now();
  const showing = setInterval(() => console.log(`sim: ${tally.progress(seeds)}`), PROGRESS_EVERY_MS);
  const onOutcome = (outcome: Outcome): boolean => {
    tally.add(outcome);
    if (outcome.violations.length > 0) printViolations(outcome);
    return options.bail === true && outcome.violations.length > 0;
  };
  const workers = options.workers === undefined ? {} : { workers: numberOf('workers', options.workers) };
  await runSeeds({ first, seeds, draw, onOutcome, ...workers });
  clearInterval(showing);
  console.log(tally.summary(performance.now() - startedMs));
  return tally.failed.length > 0 ? 1 : 0;
}

async function replay(scenario: Scenario): Promise<number> {
  const outcome = await runScenario(scenario, LEFT_OUT);
  return printRun(scenario, outcome);
}

async function shrinkAndPrint(scenario: Scenario): Promise<number> {
  const violation = (await runScenario(scenario)).violations[0];
  if (violation === undefined) {
    console.log(`seed ${scenario.seed} does not fail`);
    return 0;
  }
  const shrunk = await shrink(scenario, showing(violation.kind), SHRINK_RUNS_MAX);
  console.log(`shrunk in ${shrunk.runs} runs`);
  return printRun(shrunk.scenario, await runScenario(shrunk.scenario, LEFT_OUT));
}

function printRun(scenario: Scenario, outcome: Outcome): number {
  console.log(describeScenario(scenario));
  console.log(String(outcome.transcript));
  if (outcome.violations.length > 0) printViolations(outcome);
  else console.log('nothing wrong');
  return outcome.violations.length > 0 ? 1 : 0;
}

function printViolations({ seed, violations }: Outcome): void {
  for (const { kind, text } of violations) console.log(`seed ${seed}: ${kind}: ${text}`);
  console.log(`  ${commandFor('replay', String(seed))}\n  ${commandFor('shrink', String(seed))}`);
}

function describeScenario({
  seed,
  level,
  durability,
  nodes,
  delays,
  clients,
  faults,
  absence,
  horizonMs,
  switches = [],
  steps = [],
  members = [],
}: Scenario): string {
  return [
    `seed ${seed}: ${nodes} controllers at ${level}, durability ${durability}, horizon ${horizonMs} ms`,
    `delays ${JSON.stringify(delays)}`,
    ...clients.map((client, i) => `client ${i} at n${client.node}: ${client.operations.length} operations`),
    ...switches.map(
      ({ keyspace = 'default', node, level: to, atMs }) =>
        `n${node} is asked for ${keyspace} at ${to}, at ${Math.round(atMs)}`,
    ),
    ...steps.map(describeStep),
    ...members.map(
      ({ node, come, go, joins = false, atMs }) =>
        `n${node} is asked for ${joins ? 'one more' : `+${come} -${go}`}, at ${Math.round(atMs)}`,
    ),
    ...faults.map((fault) => `fault ${describeFault(fault)}`),
    absence.nodes.length === 0
      ? 'no controller is away at the end'
      : `away at the end: ${absence.nodes.join(', ')}, by ${absence.by}`,
  ].join('\n');
}

function commandFor(what: 'replay' | 'shrink', seed: string): string {
  const given = (
    ['level', 'durability', 'scheme', 'faults', 'horizon', 'ids-from', 'switches'] as const
  ).filter((name) => options[name] !== undefined);
  const flags = (['mixed', 'members', 'joins', 'shards', 'followers'] as const).flatMap((name) =>
    options[name] === true ? [`--${name}`] : [],
  );
  const values = given.map((name) => `--${name} ${options[name]}`);
  return ['npm run sim --', `--${what} ${seed}`, ...values, ...flags].join(' ');
}

function drawOf({
  level,
  durability,
  scheme: name,
  faults: rates,
  horizon,
  mixed,
  members,
  joins,
  'ids-from': idsFrom,
  shards,
  followers,
  switches,
}: typeof options): Draw {
  if (level !== undefined && !isLevel(level)) throw new Error(`--level must be one of ${LEVELS.join(', ')}`);
  if (followers === true && members === true)
    throw new Error('those that follow come and go with --joins: give --followers without --members');
  const durabilities = DURABILITIES.filter((one) => one === (durability ?? one));
  if (durabilities.length === 0) throw new Error(`--durability must be one of ${DURABILITIES.join(', ')}`);
  const scheme = ORDERED_SCHEMES.find((one) => one === name);
  if (name !== undefined && scheme === undefined)
    throw new Error(`--scheme must be one of ${ORDERED_SCHEMES.join(', ')}`);
  const faults = rates?.split(',').map((rate) => {
    const [kind, perSecond] = rate.split('=');
    if (!(Number(perSecond) > 0)) throw new Error(`--faults ${rate}: a rate above 0 must follow the kind`);
    return [kindOf(kind!), Number(perSecond)] as const;
  });
  return {
    durabilities,
    ...(scheme === undefined ? {} : { scheme }),
    ...(mixed === undefined ? {} : { mixed }),
    ...(members === undefined && joins === undefined ? {} : { members: joins === true ? 'joins' : true }),
    ...(shards === undefined && followers === undefined ? {} : { sharded: true }),
    ...(followers === undefined ? {} : { followers }),
    ...(idsFrom === undefined ? {} : { idsFrom: numberOf('ids-from', idsFrom) }),
    ...(level === undefined ? {} : { level }),
    ...(switches === undefined ? {} : { switches: switches === 'all' ? switches : switches === 'yes' }),
    ...(horizon === undefined ? {} : { horizonMs: numberOf('horizon', horizon) }),
    ...(faults === undefined ? {} : { faults: Object.fromEntries(faults) }),
  };
}

function kindOf(word: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === word);
  if (kind === undefined) throw new Error(`no such fault: ${word}; there are ${FAULT_KINDS.join(', ')}`);
  return kind;
}

function numberOf(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0)
    throw new Error(`--${name} must be a whole number, not ${text}`);
  return number;
}
