import { readable } from '../script/output.ts';
import type { LaneMessage, MessageChart } from './lanes.ts';

const LANE_WIDTH = 10;
const TIME_WIDTH = 8;

/** One line a message, in the order in which they arrived: an arrow from lane to lane, and what it says. */
export function lanesText({ lanes, messages }: MessageChart): string[] {
  const heading = lanes.map(({ kind, id }) => `${kind} ${id}`.padEnd(LANE_WIDTH)).join('');
  return [
    `${'ms'.padStart(TIME_WIDTH)}  ${heading}`.trimEnd(),
    ...messages.map((message) => {
      const time = message.arrivedMs.toFixed(1).padStart(TIME_WIDTH);
      return `${time}  ${arrowOf(message, lanes.length)}${readable(message.text)}`;
    }),
  ];
}

function arrowOf({ from, to }: LaneMessage, count: number): string {
  const cells = Array.from<unknown, string>({ length: count * LANE_WIDTH }, (_, at) =>
    at % LANE_WIDTH === 0 ? '│' : ' ',
  );
  const [start, end] = [from * LANE_WIDTH, to * LANE_WIDTH];
  for (let at = Math.min(start, end) + 1; at < Math.max(start, end); at++) cells[at] = '─';
  cells[start] = '●';
  cells[end] = end > start ? '▶' : '◀';
  return cells.join('');
}
