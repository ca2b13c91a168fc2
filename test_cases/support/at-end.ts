const tasks = new Set<() => void>();

/**
 * Registers a synchronous task that runs at the end of this process, also after a signal other than SIGKILL.
 * @returns a handle that calls the task off
 */
export function atEnd(task: () => void): { callOff(): void } {
  tasks.add(task);
  return { callOff: () => void tasks.delete(task) };
}

function runAll(): void {
  for (const task of tasks) task();
  tasks.clear();
}

process.once('exit', runAll);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    runAll();
    process.kill(process.pid, signal);
  });
}
