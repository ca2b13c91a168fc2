import type { Address } from '../../../controller/settings.ts';
import type { ClientOptions } from '../../command-line/client-flags.ts';
import { OperationError } from '../../failure.ts';
import type { CliSession } from '../cli-session.ts';

/** What a view of the client works with. */
export interface ViewPorts {
  readonly session: CliSession;
  readonly options: ClientOptions;
  /** Writes text as it is. Resolves once more may be written. */
  readonly write: (text: string) => Promise<void>;
  /** Tells the user something that is no part of the output. */
  readonly notice: (text: string) => void;
  /** The output is a terminal, on which a line may be written anew. */
  readonly isTerminal: boolean;
  /** The user wants it to end. */
  readonly signal: AbortSignal;
}

/** The figures of `stats`, or one of its groups, from the controller. @throws OperationError */
export async function statsOf(session: CliSession, group = ''): Promise<ReadonlyMap<string, string>> {
  const title = group === '' ? 'stats' : `stats ${group}`;
  const command = { bytes: Buffer.from(`${title}\r\n`), reply: 'lines', writes: false, title } as const;
  const reply = await session.run(command);
  if (reply === null) throw new OperationError('UNREACHABLE', `${title} was not answered`);
  const last = reply.parts.at(-1)?.toString('latin1') ?? '';
  if (last !== 'END') throw new OperationError('REQUEST_FAILED', `${title}: ${last}`);
  return new Map(
    reply.parts.slice(0, -1).map((part) => {
      const [, name = '', value = ''] = /^STAT (\S+) ?(.*)$/.exec(part.toString('latin1')) ?? [];
      return [name, value] as const;
    }),
  );
}

/** The controller that the session is connected to. @throws OperationError */
export function addressOf({ address }: CliSession): Address {
  if (address === null) throw new OperationError('UNREACHABLE', 'not connected');
  return address;
}

/** Resolves after the time, or when the user wants an end. @returns false in that case */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** `%20` and the like back to bytes, in latin-1. */
export function uriDecoded(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
