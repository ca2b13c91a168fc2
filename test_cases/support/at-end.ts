const tasks = new Set<() => void>();

/** Runs at the end of this process, unless it was called off: also on a signal, but for SIGKILL. Tasks can't wait. */
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
