import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { joinedAt } from '../../../src/cli/process/joined.ts';
import type { Configuration } from '../../../src/placement/configuration.ts';
import { withAdded } from '../../../src/placement/member-changes.ts';
import { configurationOfSize } from '../../support/configurations.ts';

const OWN = { host: '127.0.0.1', port: 9 };
const JOINING = withAdded(configurationOfSize(3), OWN, 'joining') as Configuration;

let directory: string;
const servers: Server[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'memchorus-joined-'));
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(directory, { recursive: true });
});

/** A controller that answers each question for the members with the next of these. @returns its address */
async function controllerThatSays(...agreed: (Configuration | null | 'nonsense')[]) {
  const server = createServer((socket) => {
    socket.on('data', () => {
      const next = agreed.length > 1 ? agreed.shift()! : agreed[0]!;
      socket.write(`${next === 'nonsense' ? next : JSON.stringify({ agreed: next })}\r\nEND\r\n`);
    });
    socket.on('error', () => {});
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

it('waits until a controller has the address in a configuration that is agreed, and says so', async () => {
  const told: string[] = [];
  const known = await controllerThatSays(null, JOINING);
  const joined = await joinedAt({ host: 'localhost', port: 9 }, [known], '', (text) => told.push(text));
  expect(joined).toMatchObject({ id: 3, added: { configuration: JOINING } });
  expect(told).toEqual([expect.stringContaining('main.ts member add localhost:9')]);
});

it('goes by the newest that any of them has, whatever the others answer', async () => {
  const newer = withAdded(JOINING, { host: 'x', port: 1 }, 'joining') as Configuration;
  const all = [
    await controllerThatSays('nonsense'),
    await controllerThatSays({ ...JOINING, epoch: 0 }),
    await controllerThatSays(JOINING),
    await controllerThatSays(newer),
    { host: '127.0.0.1', port: 1 },
  ];
  expect((await joinedAt(OWN, all, '', () => {})).added.configuration).toEqual(newer);
});

it('remembers it in the data directory, and needs no answer to start again', async () => {
  const first = await joinedAt(OWN, [await controllerThatSays(JOINING)], directory, () => {});
  expect(readdirSync(directory)).toEqual(['added-127.0.0.1-9.json']);
  expect(await joinedAt(OWN, [], directory, () => {})).toEqual(first);
});

it('does not start a controller that was removed for good, and says how to add one there again', async () => {
  const joined = await joinedAt(OWN, [await controllerThatSays(JOINING)], directory, () => {});
  const gone = { ...JOINING, epoch: JOINING.epoch! + 2, controllers: JOINING.controllers.slice(0, 3) };
  const knowing = await controllerThatSays(gone);
  await expect(joinedAt(OWN, [knowing], directory, () => {})).rejects.toThrow(
    /controller 3 \(127.0.0.1:9\) was removed .* remove .*added-127.0.0.1-9.json and .*controller-3/,
  );
  const older = await controllerThatSays({ ...gone, epoch: JOINING.epoch! });
  expect(await joinedAt(OWN, [older], directory, () => {})).toEqual(joined);
});

it('does not start with what it remembers if that is damaged', async () => {
  for (const text of [
    '',
    '{}',
    JSON.stringify({ ...JOINING, controllers: JOINING.controllers.slice(0, 3) }),
  ]) {
    writeFileSync(join(directory, 'added-127.0.0.1-9.json'), text);
    await expect(joinedAt(OWN, [], directory, () => {})).rejects.toThrow('is damaged: remove it');
  }
});
