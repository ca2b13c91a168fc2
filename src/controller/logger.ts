import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import winston from 'winston';
import { ensureDirectory } from './directory.ts';
import type { Settings } from './settings.ts';

/** What a field of a log line may be: JSON. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

export interface ClosableLogger extends Logger {
  /** Resolves once everything that was logged is written. */
  close(): Promise<void>;
}

/** The log file could not be opened. */
export class LogFileError extends Error {
  readonly code = 'LOG_FILE';
}

/** Bytes after which a log file is put aside; with `LOG_FILES_MAX` the most disk that a controller's log takes. */
const LOG_FILE_BYTES_MAX = 10 * 1024 * 1024;

/** The current file and the ones put aside; the oldest is deleted. */
const LOG_FILES_MAX = 3;

/** How long to wait for the last lines when closing, in milliseconds: a full disk must not hold up an exit. */
const CLOSE_TIMEOUT_MS = 1000;

/** @throws LogFileError */
export function createLogger(settings: Pick<Settings, 'logFile' | 'logLevel' | 'self'>): ClosableLogger {
  const transport = settings.logFile === '-' ? consoleTransport() : fileTransport(settings.logFile);
  const logger = winston.createLogger({
    level: settings.logLevel,
    defaultMeta: { controller: settings.self },
    format: winston.format.combine(winston.format.timestamp(), winston.format.printf(formatLine)),
    transports: [transport],
  });
  reportFirstFailure(logger);
  const log = (level: Settings['logLevel']) => (message: string, fields?: LogFields) => {
    if (logger.isLevelEnabled(level)) logger.log(level, message, { fields });
  };
  return {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    close: () => closed(logger, transport),
  };
}

/** `2026-01-01T00:00:00.000Z info  [0] listening {"port":8000}`: one line, whatever the message holds. */
function formatLine(entry: winston.Logform.TransformableInfo): string {
  const { timestamp, level, message, controller, fields } = entry;
  const text = String(message).replace(/[\r\n]+/g, ' | ');
  const tail = fields === undefined ? '' : ` ${JSON.stringify(fields, printable)}`;
  return `${timestamp} ${level.padEnd(5)} [${controller}] ${text}${tail}`;
}

/** JSON has no bigints, and shows an error as `{}`. */
function printable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? (value.stack ?? value.message) : value;
}

function consoleTransport(): winston.transport {
  return new winston.transports.Console();
}

function fileTransport(filename: string): winston.transport {
  try {
    ensureDirectory(dirname(filename));
    closeSync(openSync(filename, 'a'));
  } catch (cause) {
    throw new LogFileError(`cannot write the log file ${filename}: ${(cause as Error).message}`, { cause });
  }
  return new winston.transports.File({
    filename,
    maxsize: LOG_FILE_BYTES_MAX,
    maxFiles: LOG_FILES_MAX,
    tailable: true,
  });
}

/** A log that can no longer be written must not end the controller, but must not be silent either. */
function reportFirstFailure(logger: winston.Logger): void {
  let reported = false;
  logger.on('error', (error: Error) => {
    if (!reported) process.stderr.write(`memchorus: cannot write the log: ${error.message}\n`);
    reported = true;
  });
}

function closed(logger: winston.Logger, transport: winston.transport): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    transport.once('finish', () => {
      clearTimeout(timer);
      resolve();
    });
    logger.end();
  });
}
