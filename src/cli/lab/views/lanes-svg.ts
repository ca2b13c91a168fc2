import { readable } from '../script/output.ts';
import type { LaneMessage, MessageChart } from './lanes.ts';

const MARGIN = 24;
const TIME_WIDTH = 64;
const LANE_WIDTH = 190;
const HEAD_HEIGHT = 48;
const ROW_HEIGHT = 26;

/**
 * The chart as a picture. Rows are as far apart as there is something to see, and not as time is: an exchange takes a
 * millisecond, and the next one may come a minute later.
 */
export function lanesSvg({ lanes, messages }: MessageChart): string {
  const xOf = (lane: number): number => MARGIN + TIME_WIDTH + LANE_WIDTH * lane + LANE_WIDTH / 2;
  const yOf = (row: number): number => HEAD_HEIGHT + ROW_HEIGHT * row;
  const width = MARGIN * 2 + TIME_WIDTH + LANE_WIDTH * lanes.length;
  const height = yOf(messages.length + 1) + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#2563eb"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...lanes.flatMap(({ kind, id }, lane) => [
      `<line x1="${xOf(lane)}" y1="${HEAD_HEIGHT - 8}" x2="${xOf(lane)}" y2="${height - MARGIN}" stroke="#cbd5e1"/>`,
      `<text x="${xOf(lane)}" y="${HEAD_HEIGHT - 18}" text-anchor="middle" font-weight="600">${kind} ${id}</text>`,
    ]),
    ...messages.flatMap((message, at) => {
      const [x1, x2] = [xOf(message.from), xOf(message.to)];
      const [y1, y2] = [yOf(sentRowOf(message, messages)), yOf(at + 1)];
      const x = (x1 + x2) / 2;
      const y = (y1 + y2) / 2 - 4;
      return [
        `<text x="${MARGIN}" y="${y2 + 4}" fill="#64748b">${message.arrivedMs.toFixed(1)} ms</text>`,
        `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#2563eb" marker-end="url(#head)"/>`,
        `<text x="${x}" y="${y}" text-anchor="middle" paint-order="stroke" stroke="#fff" stroke-width="3">${escaped(message.text)}</text>`,
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}

/** Each arrival has a row of its own, in the order of time. A message begins at the row of what arrived before it. */
function sentRowOf({ sentMs }: LaneMessage, messages: readonly LaneMessage[]): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (messages[middle]!.arrivedMs <= sentMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The most characters of a message that are shown. */
const TEXT_MAX = 40;

function escaped(text: string): string {
  const all = readable(text);
  const short = all.length > TEXT_MAX ? `${all.slice(0, TEXT_MAX - 1)}…` : all;
  return short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
