import { escaped } from '../../base/escaped.ts';
import type { DrillOperation } from './drill-record.ts';
import type { DoneFault, DrillCourse } from './drill-run.ts';

/** The chart is drawn at this width, in units of its own, and scaled to that of the page. */
const WIDTH = 1000;
const LEFT = 120;
const RIGHT = 10;
const LANE_HEIGHT = 26;
const PLOT_HEIGHT = 110;
const GAP = 34;

/** Into so many pieces the time is divided, for rates and waits. */
const PIECES = 160;

/** Where a moment of the drill stands in the chart. */
type Across = (atMs: number) => number;

/** An SVG: what was done to whom, how much was answered, and how long clients waited, over the time of the drill. */
export function timeLineOf(course: DrillCourse, controllers: number): string {
  const { tookMs, faults, record } = course;
  const across: Across = (atMs) => LEFT + (atMs / tookMs) * (WIDTH - LEFT - RIGHT);
  const lanesHeight = controllers * LANE_HEIGHT;
  const rateTop = lanesHeight + GAP;
  const waitTop = rateTop + PLOT_HEIGHT + GAP;
  const height = waitTop + PLOT_HEIGHT + GAP;
  const pieces = piecesOf(record.operations, tookMs);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Faults, rates and waits over the time of the drill">`,
    ...Array.from({ length: controllers }, (_, id) => laneOf(id, faults, across)),
    ...faults.map((fault) => shadeOf(fault, across, waitTop + PLOT_HEIGHT)),
    label(rateTop - 8, 'operations per second'),
    ...ratePlot(pieces, rateTop, tookMs, across),
    label(waitTop - 8, 'longest wait in ms'),
    ...waitPlot(pieces, waitTop, across),
    ...secondsAxis(tookMs, waitTop + PLOT_HEIGHT, across),
    '</svg>',
  ].join('\n');
}

function laneOf(id: number, faults: readonly DoneFault[], across: Across): string {
  const top = id * LANE_HEIGHT;
  const middle = top + LANE_HEIGHT / 2;
  const own = faults.filter(({ controller, name }) => controller === id || name === 'kill-all');
  const bars = own.map(({ name, fromMs, toMs }) => {
    const x = across(fromMs);
    const width = Math.max(3, across(toMs) - x);
    const title = `<title>${escaped(`${name}, from ${seconds(fromMs)} to ${seconds(toMs)} s`)}</title>`;
    const bar = rect('fault', { x, y: top + 4, width, height: LANE_HEIGHT - 8 }, title);
    return `${bar}<text class="on-fault" x="${fixed(x + 4)}" y="${top + 17}">${shortOf(name, width)}</text>`;
  });
  return [horizontal(middle), `<text x="0" y="${top + 17}">controller ${id}</text>`, ...bars].join('');
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function rect(kind: string, { x, y, width, height }: Box, inside = ''): string {
  const place = `x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}"`;
  return `<rect class="${kind}" ${place}>${inside}</rect>`;
}

function horizontal(y: number): string {
  return `<line class="lane" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`;
}

function fixed(number: number): string {
  return number.toFixed(1);
}

const LETTER_WIDTH = 7;

function shortOf(name: string, width: number): string {
  return name.length * LETTER_WIDTH < width ? name : '';
}

function shadeOf({ fromMs, toMs }: DoneFault, across: Across, height: number): string {
  const x = across(fromMs);
  return rect('shade', { x, y: 0, width: Math.max(1, across(toMs) - x), height });
}

/** What happened in one piece of the time. */
interface Piece {
  readonly fromMs: number;
  answered: number;
  errors: number;
  readWaitMs: number;
  writeWaitMs: number;
}

function piecesOf(operations: readonly DrillOperation[], tookMs: number): Piece[] {
  const pieceMs = tookMs / PIECES;
  const pieces = Array.from({ length: PIECES }, (_, at): Piece => {
    return { fromMs: at * pieceMs, answered: 0, errors: 0, readWaitMs: 0, writeWaitMs: 0 };
  });
  for (const { sentMs, endedMs, kind, outcome } of operations) {
    const piece = pieces[Math.min(PIECES - 1, Math.floor(endedMs / pieceMs))]!;
    if (outcome === 'answered') piece.answered++;
    else piece.errors++;
    const waitMs = endedMs - sentMs;
    if (kind === 'get') piece.readWaitMs = Math.max(piece.readWaitMs, waitMs);
    else piece.writeWaitMs = Math.max(piece.writeWaitMs, waitMs);
  }
  return pieces;
}

function ratePlot(pieces: readonly Piece[], top: number, tookMs: number, across: Across): string[] {
  const perSecond = (count: number): number => (count * 1000) / (tookMs / PIECES);
  const most = Math.max(1, ...pieces.map(({ answered, errors }) => perSecond(answered + errors)));
  const height = (count: number): number => (perSecond(count) / most) * PLOT_HEIGHT;
  const width = (across(tookMs) - across(0)) / PIECES;
  const bar = (kind: string, x: number, below: number, tall: number): string =>
    tall === 0 ? '' : rect(kind, { x, y: below - tall, width, height: tall });
  const bottom = top + PLOT_HEIGHT;
  return [
    ...frameOf(top, most.toFixed(0)),
    ...pieces.map(({ fromMs, answered, errors }) => {
      const x = across(fromMs);
      return (
        bar('answered', x, bottom, height(answered)) +
        bar('errors', x, bottom - height(answered), height(errors))
      );
    }),
  ];
}

/** On a logarithmic scale: from one millisecond to the longest wait. */
function waitPlot(pieces: readonly Piece[], top: number, across: Across): string[] {
  const longest = Math.max(10, ...pieces.flatMap(({ readWaitMs, writeWaitMs }) => [readWaitMs, writeWaitMs]));
  const y = (ms: number): number =>
    top + PLOT_HEIGHT - (Math.log10(Math.max(1, ms)) / Math.log10(longest)) * PLOT_HEIGHT;
  const line = (kind: string, waitOf: (piece: Piece) => number): string => {
    const points = pieces.map((piece) => `${across(piece.fromMs).toFixed(1)},${y(waitOf(piece)).toFixed(1)}`);
    return `<polyline class="${kind}" points="${points.join(' ')}"/>`;
  };
  return [
    ...frameOf(top, longest.toFixed(0)),
    line('writes', ({ writeWaitMs }) => writeWaitMs),
    line('reads', ({ readWaitMs }) => readWaitMs),
  ];
}

function frameOf(top: number, most: string): string[] {
  return [
    horizontal(top + PLOT_HEIGHT),
    `<text class="number" x="${LEFT - 6}" y="${top + 10}">${most}</text>`,
  ];
}

function secondsAxis(tookMs: number, bottom: number, across: Across): string[] {
  const step = [1, 2, 5, 10, 20, 60, 120, 300].find((s) => tookMs / 1000 / s <= 12) ?? 600;
  const marks: string[] = [];
  for (let second = 0; second * 1000 <= tookMs; second += step)
    marks.push(
      `<text class="tick" x="${across(second * 1000).toFixed(1)}" y="${bottom + 18}">${second} s</text>`,
    );
  return marks;
}

function label(y: number, text: string): string {
  return `<text x="${LEFT}" y="${y}">${text}</text>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
