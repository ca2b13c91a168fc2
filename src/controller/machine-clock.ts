import { performance } from 'node:perf_hooks';
import type { Clock } from '../base/clock.ts';

/** The clocks of the machine that this process runs on. */
export const MACHINE_CLOCK: Clock = { nowMs: () => performance.now(), wallMs: Date.now };
