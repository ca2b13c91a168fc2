import { setImmediate as turn } from 'node:timers/promises';
import { MACHINE_CLOCK } from '../../src/controller/machine-clock.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { setOf } from './effects.ts';
import { NO_LOG } from './ports.ts';

/**
 * A process that makes numbered writes to a journal until it is killed, and prints the number of the last write that is
 * known to be durable. Arguments: the data directory, and the number of the first write.
 */
const [dataDir, first] = process.argv.slice(2);
const { journal } = await openJournal({
  dataDir: dataDir!,
  owner: { cluster: 'test', controller: 0, peers: 'a:1,b:2,c:3', consistency: 'ordered' },
  segmentBytesMax: 100_000,
  compactBytesMin: 300_000,
  clock: MACHINE_CLOCK,
  log: NO_LOG,
});
process.stdout.write('open\n');
for (let time = Number(first); ; time++) {
  const version = { time, node: 0 };
  const value = Buffer.from(`value ${time} ${'x'.repeat(time % 400)}`);
  journal.recordWatermarks({ applied: version, known: [time, 0, 0] });
  journal.record(setOf(`key ${time % 997}`, version, { value }));
  if (time % 7 === 0) journal.whenDurable((error) => error === null && process.stdout.write(`${time}\n`));
  if (time % 50 === 0) await turn();
}
