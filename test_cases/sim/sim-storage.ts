import type { LogFields } from '../../src/base/log.ts';
import type { AbandonedGroup } from '../../src/controller/core-ports.ts';
import type { Logger } from '../../src/controller/log/logger.ts';
import { HALF_TAKEN_OVER } from '../../src/controller/open-journals.ts';
import type { Settings } from '../../src/controller/settings.ts';
import { openStorage, type Storage } from '../../src/controller/storage.ts';
import type { Random } from './random.ts';
import { type Scheduler, TURN_MS } from './scheduler.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimFileSystem } from './sim-file-system.ts';

export interface SimStoragePorts {
  readonly settings: Settings;
  readonly files: SimFileSystem;
  readonly clock: SimClock;
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Runs a callback once the process is awake, and never after that process has ended. */
  readonly deliver: (run: () => void) => void;
  readonly onWritable: () => void;
  /** The group whose journal on disk is to be set aside; null to go on from all. */
  readonly abandoned: AbandonedGroup | null;
  readonly note: (message: string, fields?: LogFields) => void;
}

/** So small that files change and compactions happen within a run, in bytes. */
const SEGMENT_BYTES_MAX = 4_000;
const COMPACT_BYTES_MIN = 6_000;

/** Opens the storage of a real controller on the simulated disk of a machine, or makes it there. */
export function openSimStorage(ports: SimStoragePorts): Promise<Storage> {
  const { settings, files, clock, scheduler, random, deliver, onWritable, abandoned } = ports;
  const stoppable = (ms: number, run: () => void): (() => void) => {
    let stopped = false;
    scheduler.after(ms, () => deliver(() => stopped || run()));
    return () => {
      stopped = true;
    };
  };
  return openStorage(settings, loggerOf(ports), onWritable, abandoned, {
    disk: files.mount(deliver),
    clock,
    timers: {
      after: (ms, run) => stoppable(clock.virtualMs(ms), run),
      soon: (run) => stoppable(TURN_MS, run),
    },
    drawDirectoryId: () => 1 + random.below(2 ** 32 - 1),
    segmentBytesMax: SEGMENT_BYTES_MAX,
    compactBytesMin: COMPACT_BYTES_MIN,
  });
}

/** Ends the run when a journal counts as damaged: what a crash leaves is never damage. */
function loggerOf({ note, scheduler, abandoned }: SimStoragePorts): Logger {
  const error = (message: string, fields?: LogFields): void => {
    note(message, fields);
    const isKnown = fields?.reason === HALF_TAKEN_OVER || fields?.reason === abandoned?.reason;
    const isFound = fields?.setAside !== undefined && !isKnown;
    if (isFound || message.includes('damaged'))
      scheduler.fail(new Error(`${message}: ${fields?.reason ?? ''}`));
  };
  return { error, warn: note, info: note, debug: note };
}
