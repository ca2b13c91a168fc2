import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../../failure.ts';
import type { Lab } from '../lab.ts';
import { LabError } from '../roster.ts';
import { chartOf } from './lanes.ts';
import { lanesSvg } from './lanes-svg.ts';
import { lanesText } from './lanes-text.ts';

/**
 * The messages since this was last called: on the terminal, or as a picture in the file.
 *
 * @throws LabError when the file cannot be written
 */
export async function showTrace(lab: Lab, file: string | null): Promise<string[]> {
  if (file !== null && !file.endsWith('.svg')) throw new LabError(`"${file}" does not end in .svg`);
  const trace = await lab.takeTrace();
  if (trace.length === 0) return ['no messages'];
  const chart = chartOf(trace);
  if (file === null) return lanesText(chart);
  try {
    writeFileSync(resolve(file), lanesSvg(chart));
  } catch (error) {
    throw new LabError(`the picture cannot be written: ${reasonOf(error)}`);
  }
  return [`${trace.length} messages in ${file}`];
}
