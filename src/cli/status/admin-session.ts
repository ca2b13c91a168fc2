import { parseAddress } from '../../base/address-text.ts';
import { CliSession } from '../client/cli-session.ts';
import type { ReplyParts } from '../client/text-reply-reader.ts';
import type { CommandLine } from '../command-line/arguments.ts';
import { EXIT_OK, OperationError } from '../failure.ts';
import type { ResolvedSettings } from '../settings/configuration.ts';
import { askCluster } from './ask-cluster.ts';
import { addressesOf } from './cluster-addresses.ts';

/**
 * A session with a controller that can change something, if there is one; else with the first that answers.
 *
 * @param except a controller that is asked only if no other one answers, by id or as `HOST:PORT`; null for none
 */
export async function sessionOf(
  line: CommandLine,
  configuration: ResolvedSettings,
  runDirectory: string,
  except: string | null = null,
): Promise<CliSession> {
  const addresses = addressesOf(line, configuration, runDirectory);
  const answers = (await askCluster(addresses)).filter(({ status }) => status !== null);
  const rank = ({ id, address, status }: (typeof answers)[number]) =>
    (except === `${id}` || except === address ? 0 : 2) + Number(status!.writes.ready);
  const able = [...answers].sort((a, b) => rank(b) - rank(a));
  const candidates = able.map(({ address }) => parseAddress(address)!);
  return new CliSession(
    candidates.length > 0 ? candidates : addresses,
    configuration.requestTimeoutMs,
    false,
    tell,
  );
}

/** Sends a line of the text protocol whose reply has several. @param writes it may change something */
export async function ask(session: CliSession, title: string, writes: boolean): Promise<ReplyParts> {
  const reply = await session.run({ bytes: Buffer.from(`${title}\r\n`), reply: 'lines', writes, title });
  if (reply === null)
    throw new OperationError(
      'UNREACHABLE',
      `the connection was lost; main.ts ${title.split(' ')[0]} tells what holds`,
    );
  return reply;
}

/** The lines of a reply, without the `END` after them. */
export function textOf({ parts, failed }: ReplyParts): string {
  const lines = parts.map((part) => part.toString('utf8'));
  return (failed ? lines : lines.slice(0, -1)).join('\n');
}

export function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT_OK;
}

export function tell(message: string): void {
  process.stderr.write(`memchorus: ${message}\n`);
}
