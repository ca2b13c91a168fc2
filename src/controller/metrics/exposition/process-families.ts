import { type Family, single } from './family.ts';

/** The process of the controller, under the names that clients of Prometheus in all languages use. */
export const PROCESS_FAMILIES: readonly Family[] = [
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'CPU time of the process, in user mode and in the kernel.',
    read: () => {
      const { userCPUTime, systemCPUTime } = process.resourceUsage();
      return single((userCPUTime + systemCPUTime) / 1e6);
    },
  },
  {
    name: 'process_resident_memory_bytes',
    type: 'gauge',
    help: 'Memory that the process has in RAM.',
    read: () => single(process.memoryUsage.rss()),
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'When this run began, in seconds since 1970.',
    read: ({ parts: { clock, startedMs } }) =>
      single(Math.round(clock.wallMs() - (clock.nowMs() - startedMs)) / 1000),
  },
  {
    name: 'nodejs_heap_used_bytes',
    type: 'gauge',
    help: 'Memory of JavaScript objects, those included that are no longer needed.',
    read: () => single(process.memoryUsage().heapUsed),
  },
  {
    name: 'nodejs_external_memory_bytes',
    type: 'gauge',
    help: 'Memory of buffers, outside of the heap.',
    read: () => single(process.memoryUsage().external),
  },
];
