import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalControllers } from '../../support/local-controllers.ts';

let cluster: LocalControllers;
beforeAll(async () => {
  cluster = await LocalControllers.start(3);
});
afterAll(() => cluster.stop());

const json = (body: object): RequestInit => {
  return { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
};

it('controllers come to vote and stop voting, and what cannot be is refused', async () => {
  const answerTo = async (path: string, options: RequestInit) => {
    const answer = await fetch(`http://127.0.0.1:${cluster.ports[0]}${path}`, options);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const listed = await answerTo('/v1/members', {});
  expect(listed.body).toMatchObject({ epoch: 0, changing: false });
  const again = await answerTo('/v1/members', { method: 'POST', ...json({ controller: '0' }) });
  expect([again.status, again.body]).toEqual([200, listed.body]);
  const own = await answerTo('/v1/members/0', { method: 'DELETE' });
  expect([own.status, own.body.code]).toEqual([409, 'MEMBERS_FIXED']);
  const unknown = await answerTo('/v1/members', { method: 'POST', ...json({ controller: 'nobody' }) });
  expect([unknown.status, unknown.body.code]).toEqual([409, 'MEMBERS_FIXED']);
  const body = json({ controllers: ['1', '2'], confirmed: true });
  const forced = await answerTo('/v1/members/forced-removal', { method: 'POST', ...body });
  expect([forced.status, forced.body.code]).toEqual([409, 'MEMBERS_FIXED']);
  const joining = await answerTo('/v1/members', { method: 'POST', ...json({ controller: '127.0.0.1:9' }) });
  expect(joining).toMatchObject({
    status: 200,
    body: {
      controllers: expect.arrayContaining([expect.objectContaining({ role: 'joining', votes: false })]),
    },
  });
  const { controllers } = joining.body as { controllers: { id: number; address: string }[] };
  const { id } = controllers.find(({ address }) => address === '127.0.0.1:9')!;
  const dropped = await answerTo(`/v1/members/${id}`, { method: 'DELETE' });
  const left = (dropped.body as { controllers: { address: string }[] }).controllers;
  expect(left.map(({ address }) => address)).toEqual(cluster.ports.map((port) => `127.0.0.1:${port}`));
});
