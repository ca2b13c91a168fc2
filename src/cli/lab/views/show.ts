import { type Counters, covers } from '../engine/counters.ts';
import type { LoggedWrite } from '../engine/lab-write.ts';
import type { Lab } from '../lab.ts';
import type { LiveServer } from '../roster.ts';
import { readable } from '../script/output.ts';

/** Who lives, and who is linked to whom. */
export function showOverview({ roster }: Lab): string[] {
  const { servers, clients } = roster;
  const idsLinkedTo = (id: number): string =>
    roster
      .serversLinkedTo(id)
      .map(({ self }) => self.id)
      .join(' ') || 'nobody';
  return [
    ...servers.map(({ self }) => `server ${roster.nameOfLife(self.life)} linked to ${idsLinkedTo(self.id)}`),
    ...clients.map(({ self }) => `client ${self.id} linked to ${idsLinkedTo(self.id)}`),
  ];
}

/** A server or a client. @throws LabError when there is neither */
export async function showParticipant(lab: Lab, id: number): Promise<string[]> {
  const { self } = lab.roster.member(id);
  return self.kind === 'server' ? showServer(lab, lab.roster.server(id)) : showClient(lab, id);
}

async function showServer(lab: Lab, { self, handle }: LiveServer): Promise<string[]> {
  const { counter, vector, log } = await handle.showServer();
  const writes = inOrder(lab, log);
  return [
    `server ${lab.roster.nameOfLife(self.life)}`,
    `  counter  ${counter}`,
    `  vector   ${vectorText(lab, vector)}`,
    ...titled(
      'log',
      writes.map((write) => writeText(lab, write)),
    ),
    ...(await pendingText(lab, self.life, writes)),
  ];
}

/** The writes of a server that others lack. Only those that are linked to it get them. */
async function pendingText(lab: Lab, life: number, writes: readonly LoggedWrite[]): Promise<string[]> {
  const vectors = await lab.vectors();
  const id = lab.roster.idOfLife(life);
  const lines = lab.roster.servers.flatMap(({ self }) => {
    const vector = vectors.get(self.life);
    if (self.life === life || vector === undefined) return [];
    const lacking = writes.filter((write) => !covers(vector, [[write.life, write.acceptTime + 1]]));
    if (lacking.length === 0) return [];
    const link = lab.roster.isLinked(id, self.id) ? '' : ' (not linked)';
    const texts = lacking.map(({ key, value }) => readable(`${key}:${value}`));
    return [`for ${lab.roster.nameOfLife(self.life)}${link}  ${texts.join(' ')}`];
  });
  return titled('pending', lines);
}

async function showClient(lab: Lab, id: number): Promise<string[]> {
  const { level, guarantees, needs, lift, writes } = await lab.roster.client(id).handle.showSession();
  const servers = lab.roster.serversLinkedTo(id).map(({ self }) => `${self.id}`);
  const [first = 'none', ...others] = servers;
  const entries = needs.map(([key, need]) => `${readable(key)}  ${vectorText(lab, need)}`);
  return [
    `client ${id}`,
    `  server   ${first}${others.length > 0 ? `, and linked to ${others.join(' ')}` : ''}`,
    `  level    ${level}`,
    `  keeps    ${level === 'session' ? guarantees.join(', ') || 'nothing' : KEPT[level]}`,
    `  writes   ${writes}, and the next lifts its server's counter to ${lift}`,
    ...titled('needs', entries.sort()),
  ];
}

const KEPT = { eventual: 'nothing', causal: 'all session guarantees, across keys' } as const;

function titled(title: string, lines: readonly string[]): string[] {
  const [first = 'nothing', ...others] = lines;
  return [`  ${title.padEnd(9)}${first}`, ...others.map((line) => `${' '.repeat(11)}${line}`)];
}

function vectorText({ roster }: Lab, vector: Counters): string {
  return vector.map(([life, counter]) => `${roster.nameOfLife(life)}:${counter}`).join('  ') || 'nothing';
}

function writeText({ roster }: Lab, write: LoggedWrite): string {
  const { acceptTime, life, client, clientTime, key, value } = write;
  const place = `accept time ${acceptTime} at ${roster.nameOfLife(life)}`;
  return `${place}  client ${client} write ${clientTime}  ${readable(`${key}:${value}`)}`;
}

/** The order of all writes: the last one of a key wins. */
function inOrder({ roster, options }: Lab, log: readonly LoggedWrite[]): LoggedWrite[] {
  const rankOf = ({ life }: LoggedWrite): number =>
    options.tie === 'highest' ? roster.idOfLife(life) : -roster.idOfLife(life);
  return log.toSorted((a, b) => a.acceptTime - b.acceptTime || rankOf(a) - rankOf(b) || a.life - b.life);
}
