import { getHeapStatistics, setFlagsFromString } from 'node:v8';

/**
 * Lets garbage gather to about `HEADROOM_BYTES` before V8 goes through the whole heap, also while that is small. By
 * itself it does so when as much again is there as lives, and counts buffers: with a heap of 12 MB and values of
 * 100 kB that is after every few dozen requests. A heap that is larger than the headroom is left to V8.
 *
 * Buffers that sockets are read into count towards the same bound. V8's own bound for them is another: 64 MB since it
 * last went through the heap, so under sets of 100 kB it did so five times a second, and took most of the CPU.
 *
 * @returns ends it
 */
export function keepHeapHeadroom(): () => void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
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
 * By how much a heap of this size may grow, in per cent and whole hundreds; 0 leaves it to V8. @param usedBytes
 * garbage included
 */
export function growingPercentFor(usedBytes: number): number {
  if (usedBytes >= HEADROOM_BYTES) return 0;
  return 100 * Math.floor(HEADROOM_BYTES / usedBytes);
}

export const HEADROOM_BYTES = 100_663_296;

/**
 * So often that data, which come in at some tens of MB a second at the most, do not outgrow the choice, in
 * milliseconds.
 */
const CHOOSE_EVERY_MS = 500;
