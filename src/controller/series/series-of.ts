import { DurationHistogram } from '../../base/duration-histogram.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { type FigureName, SAMPLED_FIGURES, type SampledFigure } from './figures.ts';
import { Series } from './series.ts';

/** The series of a controller with these parts. */
export function seriesOf(parts: ControllerParts): Series {
  return new Series({
    clock: parts.clock,
    read: (name) => readFigure(name, parts),
    durations: () => durationsOf(parts),
  });
}

/** What a figure is now; 0 for one that has no number of its own. */
function readFigure(name: FigureName, parts: ControllerParts): number {
  const figure: SampledFigure = SAMPLED_FIGURES[name];
  return figure.kind === 'quantile' ? 0 : figure.read(parts);
}

/** How long all requests for entries have taken in this run, as counts of the buckets of `DurationHistogram`. */
function durationsOf({ core }: ControllerParts): Float64Array {
  const all = new DurationHistogram();
  for (const { level, durations } of core.coordinator.times.byCommand) if (level !== null) all.add(durations);
  return all.counts;
}
