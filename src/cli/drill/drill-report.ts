import { alignColumns, counted } from '../../base/text-table.ts';
import { duration } from '../../controller/status/status-table.ts';
import { INDENT, indented, type Look, listed, wrap } from '../look.ts';
import { formatAddress } from '../settings/address.ts';
import type { DrillOperation } from './drill-record.ts';
import type { DrillCourse, DrillPlan, DrillStep } from './drill-run.ts';
import { type DrillTally, type OperationTally, tallyOf } from './drill-tally.ts';
import { FAULTS, type FaultFacts } from './fault-table.ts';
import type { DrillVerdict } from './judge-drill.ts';
import { goneWrites } from './lossy-kills.ts';
import { proofLanes } from './proof-lanes.ts';

/** All that one drill has found out. */
export interface DrillFindings {
  readonly plan: DrillPlan;
  readonly facts: FaultFacts;
  readonly course: DrillCourse;
  readonly verdict: DrillVerdict;
}

/** Reasons of errors that are listed one by one. */
const ERRORS_SHOWN = 8;

/** What is about to be done, and what it costs. */
export function planInWords(plan: DrillPlan, facts: FaultFacts, { width, paint }: Look): string[] {
  const { target, clients, forMs, seed, prefix, faults } = plan;
  const { name, level } = target.keyspace;
  const where = target.addresses.map(formatAddress).join(', ');
  const text =
    `${counted(clients, 'client')} read and write keys of their own (${prefix}…) of the keyspace ${name} of ` +
    `${target.cluster} for ${duration(forMs)}, at ${where}. Seed ${seed}.`;
  const rows = faults.map((fault) => [
    fault,
    FAULTS[fault].does,
    `costs ${FAULTS[fault].costs(facts) ?? 'nothing'}`,
  ]);
  return [
    paint(`A drill: does it keep ${level}?`, 'title'),
    ...wrap(text, width),
    ...(rows.length === 0
      ? ['Nothing is done to the cluster meanwhile.']
      : ['Done to it meanwhile, in any order:', ...rows.flatMap((row) => faultLines(row, width))]),
  ];
}

function faultLines([name, does, costs]: readonly string[], width: number): string[] {
  const [first, ...others] = wrap(`${does}; ${costs}`, width - INDENT.length - NAME_WIDTH);
  return indented([name!.padEnd(NAME_WIDTH) + first, ...others.map((line) => ' '.repeat(NAME_WIDTH) + line)]);
}

const NAME_WIDTH = 13;
const TIME_WIDTH = 7;

/** Something that was done or seen, with the seconds since the drill began. */
export function stepInWords({ atMs, text }: DrillStep): string {
  return `${(atMs / 1000).toFixed(2).padStart(TIME_WIDTH)} s  ${text}`;
}

/** What the clients saw, and what the checkers say of it. */
export function reportOfDrill(findings: DrillFindings, look: Look): string[] {
  const { course, plan } = findings;
  const tally = tallyOf(course.record.operations);
  return [
    look.paint('What the clients saw', 'title'),
    ...indented(figuresOf(tally)),
    ...indented(errorsOf(tally, course)),
    '',
    ...verdictInWords(findings, tally, look),
    ...proofOf(findings, plan.prefix, look),
  ];
}

function figuresOf({ reads, writes }: DrillTally): string[] {
  const row = (name: string, { answered, unknown, failed, longest }: OperationTally): string[] => [
    name,
    String(answered),
    String(unknown),
    String(failed),
    longest === null
      ? '-'
      : `${duration(longest.ms)} at controller ${longest.controller}, from ${(longest.atMs / 1000).toFixed(2)} s on`,
  ];
  const head = ['', 'answered', 'outcome unknown', 'failed', 'longest wait'];
  return alignColumns([head, row('reads', reads), row('writes', writes)]);
}

function errorsOf({ errors }: DrillTally, { refusedConnections }: DrillCourse): string[] {
  const all = [
    ...errors,
    ...[...refusedConnections].map(([reason, count]) => [`no connection: ${reason}`, count] as const),
  ];
  if (all.length === 0) return ['no errors'];
  const shown = all.slice(0, ERRORS_SHOWN).map(([reason, count]) => [String(count), reason]);
  const left = all.slice(ERRORS_SHOWN);
  const more = left.reduce((sum, [, count]) => sum + count, 0);
  const rest = left.length === 0 ? [] : [[String(more), `for ${counted(left.length, 'other reason')}`]];
  return ['errors:', ...alignColumns([...shown, ...rest]).map((line) => INDENT + line)];
}

/** The verdict in one paragraph. */
export function verdictText({ plan, course, verdict }: DrillFindings, tally: DrillTally): string {
  const { level } = plan.target.keyspace;
  const operations = counted(course.record.operations.length, 'operation');
  const scale = `${operations} on ${counted(tally.keys, 'key')} in ${counted(tally.sessions, 'session')}`;
  const trouble = course.trouble === null ? '' : ` The drill ended early: ${course.trouble}.`;
  switch (verdict.kind) {
    case 'kept':
      return (
        `Kept: ${level} allows all that the clients saw, ${lossText(course)}, and all controllers end up equal ` +
        `(${scale}).${trouble}`
      );
    case 'broken':
      return `Broken: ${level} does not allow what the clients saw: ${whyOf(verdict.why, plan)} (${scale}).${trouble}`;
    case 'undecided':
      return `Undecided: ${verdict.why} (${scale}).${trouble}`;
  }
}

function lossText({ record }: DrillCourse): string {
  const isLost = goneWrites(record).length > 0;
  return isLost ? 'no answered write is lost but by a kill' : 'no answered write is lost';
}

/** The keys by their short names, as the lanes have them. */
function whyOf(why: string, { prefix }: DrillPlan): string {
  return why.replaceAll(prefix, '');
}

function verdictInWords(findings: DrillFindings, tally: DrillTally, { width, paint }: Look): string[] {
  const isKept = findings.verdict.kind === 'kept';
  const notes = notesOn(findings).flatMap((note) => wrap(note, width));
  const lines = wrap(verdictText(findings, tally), width);
  return [...lines.map((line) => paint(line, isKept ? 'good' : 'bad')), ...notes];
}

/** What the verdict leaves out. */
export function notesOn({ course, plan }: Pick<DrillFindings, 'course' | 'plan'>): string[] {
  const { lossyKills } = course.record;
  if (lossyKills.length === 0) return [];
  const killed = [...new Set(lossyKills.map(({ controller }) => controller))].sort((a, b) => a - b);
  return [
    `Not counted as broken: what controller ${listed(killed.map(String))} had answered within 2 s before a kill, ` +
      'and what sessions had seen until then. It takes durability = sync to keep that.',
    lossesInWords(goneWrites(course.record), plan),
  ];
}

/** Lost writes that are listed one by one. */
const LOSSES_SHOWN = 8;

function lossesInWords(gone: readonly DrillOperation[], plan: DrillPlan): string {
  if (gone.length === 0) return 'As far as the last reads show, no answered write was lost.';
  const names = gone.slice(0, LOSSES_SHOWN).map(({ key, value }) => whyOf(`${key}=${value}`, plan));
  const more = gone.length > names.length ? [`${gone.length - names.length} more`] : [];
  return `Lost with the kill: ${counted(gone.length, 'answered write')} (${listed([...names, ...more])}).`;
}

function proofOf({ verdict }: DrillFindings, prefix: string, { width }: Look): string[] {
  if (verdict.kind !== 'broken') return [];
  const extent = verdict.isMinimal ? 'none of them can be left out' : 'perhaps not the fewest';
  return [
    `The ${counted(verdict.proof.length, 'operation')} that show it (${extent}):`,
    ...indented(proofLanes(verdict.proof, prefix, width - INDENT.length)),
  ];
}
