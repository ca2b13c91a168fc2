import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ClusterProcess } from '../cluster/run-record.ts';
import { OperationError, systemCodeOf } from '../failure.ts';
import { connectionsBetween, type PortPair } from './sockets-of.ts';

/**
 * Cuts the links of a controller by the packet filter of Linux. The processes see what a network that lost every packet
 * would show them: no error, no end of a connection, only silence.
 *
 * Three things keep a cut from outliving its drill: the name of its table is on disk before the table is made; deleting
 * that one table mends everything; and the elements that the rules look up run out by themselves.
 */

/** How much longer than it is wanted a cut lasts at most, when nobody mends it, in milliseconds. */
const MARGIN_MS = 10_000;

/** How the first bytes between two controllers begin: see `src/peer/preface.ts`. */
const PREFACE = Buffer.from('\xfememchorus/', 'latin1');

/** The table of one drill. */
export function tableOfCut(pid: number): string {
  return `memchorus_drill_${pid}`;
}

/**
 * Cuts the links between one controller and the others. Until they are mended no controller makes a new link to any
 * other: a packet filter cannot tell which controller calls. Connections of clients go on.
 *
 * @param ports those on which the controllers take links
 * @throws OperationError
 */
export async function cutLinks(
  table: string,
  [member, others]: readonly [ClusterProcess, readonly ClusterProcess[]],
  ports: readonly number[],
  forMs: number,
): Promise<void> {
  const seconds = Math.ceil((forMs + MARGIN_MS) / 1000);
  // New links first: a link that is made while the present ones are looked up would be missed.
  await runNft(newLinkRules(table, ports, seconds));
  const pids = others.map(({ pid }) => pid);
  const pairs = connectionsBetween(member.pid, pids);
  if (pairs.length === 0) throw new OperationError('REQUEST_FAILED', `no links of ${member.name} were found`);
  await runNft(elementsOf(table, 'links', pairs.flatMap(bothWays), seconds));
}

/** Mends everything that was cut. It may have been mended already. @throws OperationError */
export function mendLinks(table: string): Promise<void> {
  return runNft(`add table inet ${table}\ndelete table inet ${table}\n`);
}

/** @returns why no links can be cut on this machine by this user; empty when they can */
export async function obstacleOfCuts(): Promise<string> {
  if (process.platform !== 'linux') return 'it uses the packet filter of Linux';
  try {
    await runNft(newLinkRules(tableOfCut(process.pid), [1], 1), ['--check']);
    return '';
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT')
      return 'it needs the program nft, which is not installed (package nftables)';
    const hint = process.getuid?.() === 0 ? '' : ': run the drill as root';
    return `this user may not set the packet filter here${hint} (${(error as Error).message})`;
  }
}

function newLinkRules(table: string, ports: readonly number[], seconds: number): string {
  const chain = `inet ${table} arriving`;
  return [
    `add table inet ${table}`,
    `add chain ${chain} { type filter hook input priority filter; policy accept; }`,
    `add set inet ${table} ports { type inet_service; flags timeout; }`,
    `add set inet ${table} links { type inet_service . inet_service; flags timeout; }`,
    `add rule ${chain} iif lo tcp dport @ports @ih,0,${PREFACE.length * 8} 0x${PREFACE.toString('hex')} drop`,
    `add rule ${chain} iif lo tcp sport . tcp dport @links drop`,
    elementsOf(table, 'ports', ports.map(String), seconds),
  ].join('\n');
}

function elementsOf(table: string, set: string, elements: readonly string[], seconds: number): string {
  const timed = elements.map((element) => `${element} timeout ${seconds}s`);
  return `add element inet ${table} ${set} { ${timed.join(', ')} }\n`;
}

function bothWays({ local, remote }: PortPair): string[] {
  return [`${local} . ${remote}`, `${remote} . ${local}`];
}

/** What nft gets is carried out as a whole or not at all. @throws OperationError, or the error of the start */
async function runNft(script: string, flags: readonly string[] = []): Promise<void> {
  // In a process group of its own: Ctrl-C ends the drill, which then needs nft to mend what it has cut.
  const nft = spawn('nft', [...flags, '-f', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  });
  let complaint = '';
  nft.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  nft.stdin.on('error', () => {});
  nft.stdin.end(script);
  const [code] = await once(nft, 'close');
  if (code === 0) return;
  const [first = `it ended with ${code}`] = complaint.split('\n');
  throw new OperationError('REQUEST_FAILED', `nft: ${first}`);
}
