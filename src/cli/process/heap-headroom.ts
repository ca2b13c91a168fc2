import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * Lets garbage grow to about `HEADROOM_BYTES` before V8 collects the whole heap, even while the heap is
 * small. By itself, V8 collects when as much memory is in use again as was live, buffers included: with a
 * heap of 12 MB and values of 100 kB that is every few dozen requests. A heap larger than the headroom is
 * left to V8.
 *
 * @returns stops the adjustment
 */
export function keepHeapHeadroom(): () => void {
  let chosen = 0;
  const choose = (): void => {
    const percent = growingPercentFor(getHeapStatistics().used_heap_size);
    if (percent === chosen) return;
    chosen = percent;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  choose();
  const timer = setInterval(choose, CHOOSE_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * By how many per cent a heap of this size may grow, in whole hundreds; 0 leaves the choice to V8. @param
 * usedBytes garbage included
 */
export function growingPercentFor(usedBytes: number): number {
  if (usedBytes >= HEADROOM_BYTES) return 0;
  return 100 * Math.floor(HEADROOM_BYTES / usedBytes);
}

export const HEADROOM_BYTES = 100_663_296;

/**
 * How often the growth is chosen again, in milliseconds: so often that data, which arrive at some tens of MB
 * a second at most, do not outgrow the choice.
 */
const CHOOSE_EVERY_MS = 500;
