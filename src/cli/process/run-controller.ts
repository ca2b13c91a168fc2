import type { Writable } from 'node:stream';
import type { Transport } from '../../base/transport.ts';
import { type LoadHttp, OWN_HTTP } from '../../controller/clients/http-door.ts';
import { type Controller, startController } from '../../controller/controller.ts';
import type { AbandonedGroup } from '../../controller/core-ports.ts';
import type { ControllerEnd } from '../../controller/end-request.ts';
import { type ClosableLogger, createLogger, LogFileError, type Logger } from '../../controller/log/logger.ts';
import { type Address, ownAddress, ownHttpAddress, type Settings } from '../../controller/settings.ts';
import { overriddenLevels } from '../../controller/status/levels-report.ts';
import type { LevelsStatus } from '../../controller/status/status.ts';
import { stateOf } from '../../controller/status/status-table.ts';
import { JournalError } from '../../journal/journal-error.ts';
import { NODE_TRANSPORT } from '../../transport/node-transport.ts';
import { EXIT_FAILED, EXIT_OK, OperationError, reasonOf, systemCodeOf, UsageError } from '../failure.ts';
import { formatAddress } from '../settings/address.ts';
import { keepHeapHeadroom } from './heap-headroom.ts';
import { logLastError } from './last-error.ts';
import { describeTakenPort } from './port-owner.ts';
import { ServiceManager } from './service-manager.ts';
import { releaseStartMemory } from './start-memory.ts';

/** The part of a controller that its process needs. */
export type RunningProcess = Pick<Controller, 'mustEnd' | 'status' | 'close'>;

/** How a controller presents itself. */
export interface Appearance {
  /** What is printed once it listens; null for nothing. */
  readonly greeting: ((settings: Settings, levels: LevelsStatus) => string) | null;
  /** Where its log goes if that goes to no file. */
  readonly console: Writable;
  readonly transport: Transport;
  readonly loadHttp: LoadHttp;
  /** Starts what runs in the place of one controller; absent for `startController`. */
  readonly start?: (logger: Logger) => Promise<RunningProcess>;
  /** Resolves when the controller has to end for a reason that it does not know of; absent where there is none. */
  readonly mustEnd?: Promise<ControllerEnd>;
}

const OWN_APPEARANCE: Appearance = {
  greeting,
  console: process.stdout,
  transport: NODE_TRANSPORT,
  loadHttp: OWN_HTTP,
};

/**
 * Runs one controller until SIGINT or SIGTERM.
 *
 * @param secret the cluster's; null for none
 * @returns the exit code
 * @throws OperationError when it can't be started, or another process has its number
 */
export async function runController(
  settings: Settings,
  secret: Buffer | null,
  appearance: Appearance = OWN_APPEARANCE,
): Promise<number> {
  const stopped = onStopSignal();
  const { transport, loadHttp, mustEnd } = appearance;
  const outside = mustEnd === undefined ? [] : [mustEnd];
  const logger = openLog(settings, appearance.console);
  process.on('uncaughtExceptionMonitor', (error) => logLastError(logger, error));
  // A terminal that is closed sends this as well, and is no reason to stop.
  process.on('SIGHUP', () => logger.reopen());
  const manager = ServiceManager.of(process.env, (reason) =>
    logger.warn('the state of this controller cannot be reported to systemd', { reason }),
  );
  releaseStartMemory();
  try {
    const start = (abandoned: AbandonedGroup | null): Promise<RunningProcess> =>
      appearance.start?.(logger) ?? startController(settings, secret, logger, abandoned, transport, loadHttp);
    let controller = await start(null);
    keepHeapHeadroom();
    if (appearance.greeting !== null)
      process.stdout.write(`${appearance.greeting(settings, controller.status().levels)}\n`);
    manager?.becomeReady();
    manager?.follow(() => stateOf(controller.status()));
    for (;;) {
      const end = await Promise.race([stopped, controller.mustEnd, ...outside]);
      logEnd(end, logger);
      if (end.kind !== 'start-empty') manager?.becomeStopping();
      await controller.close();
      if (end.kind === 'id-taken') throw new OperationError('ID_TAKEN', idTakenText(settings, end.reason));
      if (end.kind === 'shutdown') break;
      // A founder that is started again would form a cluster alone: a process of its own has to find the others.
      if (settings.dropsFounders === true)
        throw new OperationError('DROPPED', `${end.reason}: start it anew`);
      controller = await start(end);
    }
    logger.info('stopped');
    return EXIT_OK;
  } catch (error) {
    throw await startFailure(error, settings);
  } finally {
    await logger.close();
  }
}

function logEnd({ kind, reason }: ControllerEnd, logger: Logger): void {
  switch (kind) {
    case 'id-taken':
      return logger.error('ending, because another process runs under the id of this controller', { reason });
    case 'start-empty':
      return logger.warn('starting empty', { reason });
    case 'shutdown':
      return logger.info('stopping', { reason });
  }
}

function greeting(settings: Settings, levels: LevelsStatus): string {
  const log = settings.logFile === '-' ? 'the console' : settings.logFile;
  const own = formatAddress(ownAddress(settings));
  const { self, peers, added } = settings;
  const name = `controller ${self} ${added === undefined ? `of ${peers.length}` : `(added to ${peers.length})`}`;
  return [
    `${name} listens on ${own} (${inWords(levels)}); it logs to ${log}`,
    ...overriddenLevels(levels),
  ].join('\n');
}

/** The level, and the keyspaces with levels of their own. */
function inWords({ keyspaces }: LevelsStatus): string {
  const [fallback, ...others] = keyspaces;
  return [fallback!.level, ...others.map(({ name, prefix, level }) => `${name}=${prefix}:${level}`)].join(
    ', ',
  );
}

function idTakenText(settings: Settings, reason: string): string {
  const own = `controller ${settings.self} (${formatAddress(ownAddress(settings))})`;
  return `${own} ends: its peers say that ${reason}; stop that process, or start this one under another id`;
}

function openLog(settings: Settings, console: Writable): ClosableLogger {
  try {
    return createLogger(settings, console);
  } catch (error) {
    if (error instanceof LogFileError)
      throw new UsageError('LOG_FILE', `${error.message}: correct log_file`, { cause: error });
    throw error;
  }
}

/** Resolves with the first signal to stop; a second one ends the process at once, whatever hangs. */
function onStopSignal(): Promise<ControllerEnd> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: string): void => {
      if (asked) process.exit(EXIT_FAILED);
      asked = true;
      resolve({ kind: 'shutdown', reason: signal });
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

/** An expected failure of the start, in words; anything else stays as it is. */
async function startFailure(error: unknown, settings: Settings): Promise<unknown> {
  if (error instanceof JournalError) return journalFailure(error);
  const { address: own, setting } = listenedOn(error, settings);
  switch (systemCodeOf(error)) {
    case 'EADDRINUSE':
      return new OperationError(
        'PORT_TAKEN',
        `${await describeTakenPort(own)}; stop that, or change ${setting}`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new OperationError(
        'NO_SUCH_ADDRESS',
        `${own.host} is no address of this machine; correct ${setting}`,
        { cause: error },
      );
    case 'EACCES':
      return new OperationError(
        'LISTEN_FORBIDDEN',
        `may not listen on ${formatAddress(own)}: ${reasonOf(error)}`,
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}

/** The address that could not be listened on, and the setting that it comes from. */
function listenedOn(
  error: unknown,
  settings: Settings,
): { readonly address: Address; readonly setting: string } {
  const http = ownHttpAddress(settings);
  const isHttp = http !== null && (error as { port?: unknown }).port === http.port;
  const setting = settings.added === undefined ? 'peers' : '-i and -p';
  return isHttp ? { address: http, setting: 'http_port' } : { address: ownAddress(settings), setting };
}

/** A place that no data directory can be in is a mistake in the settings. */
function journalFailure(error: JournalError): UsageError | OperationError {
  const { code, message } = error;
  const isMisplaced = code === 'NO_PERMISSION' || code === 'NOT_A_DIRECTORY' || code === 'NO_PLACE';
  return isMisplaced
    ? new UsageError('DATA_DIRECTORY', message, { cause: error })
    : new OperationError('JOURNAL', message, { cause: error });
}
