import type { RecordedRequest } from './recording.ts';

/** What a chart of lanes shows. */
export interface LaneChart {
  /** The clients, in the order of the lanes. */
  readonly lanes: readonly Lane[];
  /** In the order in which they were sent. */
  readonly requests: readonly RecordedRequest[];
  readonly rules: readonly LaneRule[];
}

export interface Lane {
  /** As requests name the client. */
  readonly name: string;
  readonly heading: string;
}

/** A place in the chart: at a time, in the lane of a client. */
interface Mark {
  readonly atMs: number;
  readonly client: string;
  readonly text: string;
  /** False: it goes on with the mark above. */
  readonly isFirst: boolean;
}

/** A line across all lanes. */
export interface LaneRule {
  readonly atMs: number;
  readonly rule: string;
}

const TIME_WIDTH = 5;
const GAP = '  ';

/** The narrowest lane that takes every request, in characters. */
const LANE_WIDTH_MIN = 22;
const LANE_WIDTH_MAX = 30;

/**
 * What each client saw, in the order of time: a lane for each client, or one lane for all where the lines are too short
 * for that.
 *
 * @param width of a line, in characters
 */
export function lanesOf(chart: LaneChart, width: number): string[] {
  const { lanes: names } = chart;
  const laneWidth = Math.min(LANE_WIDTH_MAX, Math.floor((width - TIME_WIDTH) / names.length) - GAP.length);
  const rows = rowsOf(chart);
  if (laneWidth < LANE_WIDTH_MIN) return oneLane(rows, width, names);
  return [
    line(
      'ms',
      names.map(({ heading }) => heading.padEnd(laneWidth)),
    ),
    ...rows.map((row) => {
      if ('rule' in row) return ruleLine(row, width);
      const cells = names.map(({ name }) => (name === row.client ? row.text : '').padEnd(laneWidth));
      return line(row.isFirst ? timeOf(row) : '', cells);
    }),
  ];
}

function oneLane(rows: readonly (Mark | LaneRule)[], width: number, names: readonly Lane[]): string[] {
  const nameWidth = Math.max(...names.map(({ name }) => name.length));
  return [
    ...names.map(({ heading }) => `${' '.repeat(TIME_WIDTH)}${GAP}${heading}`),
    ...rows.map((row) => {
      if ('rule' in row) return ruleLine(row, width);
      return line(row.isFirst ? timeOf(row) : '', [row.client.padEnd(nameWidth), row.text]);
    }),
  ];
}

function line(time: string, cells: readonly string[]): string {
  return [time.padStart(TIME_WIDTH), ...cells].join(GAP).trimEnd();
}

function ruleLine(row: LaneRule, width: number): string {
  const start = `${timeOf(row).padStart(TIME_WIDTH)}${GAP}-- ${row.rule} `;
  return start.length < width ? start.padEnd(width, '-') : start.trimEnd();
}

function timeOf({ atMs }: Mark | LaneRule): string {
  return atMs.toFixed(0);
}

function rowsOf({ requests, rules }: LaneChart): (Mark | LaneRule)[] {
  const marks = withoutRepeats(requests).flatMap(({ first, last, count }) => marksOf(first, last, count));
  return [...rules, ...marks].toSorted((a, b) => a.atMs - b.atMs);
}

/** A request, or several of a client that asked the same until it got another answer. */
interface Repeated {
  readonly first: RecordedRequest;
  readonly last: RecordedRequest;
  readonly count: number;
}

function withoutRepeats(requests: readonly RecordedRequest[]): Repeated[] {
  const groups: Repeated[] = [];
  for (const request of requests) {
    const at = groups.findLastIndex(({ last }) => last.client === request.client);
    const before = groups[at];
    if (before === undefined || !isSame(before.last, request))
      groups.push({ first: request, last: request, count: 1 });
    else groups[at] = { ...before, last: request, count: before.count + 1 };
  }
  return groups;
}

/** Both found nothing, and there is nothing between them. */
function isSame(a: RecordedRequest, b: RecordedRequest): boolean {
  return a.kind === 'get' && a.value === null && b.kind === 'get' && b.value === null && a.key === b.key;
}

function marksOf(first: RecordedRequest, last: RecordedRequest, count: number): Mark[] {
  const { client, sentMs, answeredMs } = first;
  const mark = (text: string, atMs: number, isFirst = true): Mark => ({ atMs, client, text, isFirst });
  if (count > 1)
    return [
      mark(`${askOf(first)} → ${answerOf(first)}`, sentMs),
      mark(`(${count} times until ${last.answeredMs.toFixed(0)})`, sentMs, false),
    ];
  if (!first.hadToWait) return [mark(`${askOf(first)} → ${answerOf(first)}`, sentMs)];
  const waitedMs = (answeredMs - sentMs).toFixed(0);
  return [
    mark(`${askOf(first)} ...`, sentMs),
    mark(`... → ${answerOf(first)}`, answeredMs),
    mark(`(waited ${waitedMs} ms)`, answeredMs, false),
  ];
}

function askOf({ kind, key, value }: RecordedRequest): string {
  return kind === 'set' ? `set ${key} ${value}` : `get ${key}`;
}

function answerOf({ kind, value, answer }: RecordedRequest): string {
  return answer ?? (kind === 'set' ? 'ok' : (value ?? 'nothing'));
}
