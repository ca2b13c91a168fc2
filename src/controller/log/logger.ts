import { once } from 'node:events';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import winston from 'winston';
import type { Log, LogFields } from '../../base/log.ts';
import type { ControllerId } from '../../base/number-kinds.ts';
import { ensureDirectory } from '../directory.ts';
import type { Settings } from '../settings.ts';
import { RotatingFile } from './rotating-file.ts';

/** A log with all its levels. */
export interface Logger extends Log {
  readonly error: (message: string, fields?: LogFields) => void;
  readonly debug: (message: string, fields?: LogFields) => void;
}

export interface ClosableLogger extends Logger {
  /**
   * Opens the log file again by its name: a tool that rotates logs has renamed the file that was written
   * until now.
   */
  reopen(): void;
  /** Writes an error before it returns, with all lines before it: for a process that is about to end. */
  writeLast(message: string, fields: LogFields): void;
  /** Resolves once everything that was logged is written. */
  close(): Promise<void>;
}

/** The log file could not be opened. */
export class LogFileError extends Error {
  readonly code = 'LOG_FILE';
}

export type LogSettings = Pick<
  Settings,
  'logFile' | 'logLevel' | 'logFormat' | 'logSizeMax' | 'logFilesMax' | 'self'
>;

/** The most urgent first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

type LogLevel = (typeof LOG_LEVELS)[number];

/** How long to wait for the last lines when closing, in milliseconds: a full disk must not hold up an exit. */
const CLOSE_TIMEOUT_MS = 1000;

/** @param console where the lines go that go to no file @throws LogFileError */
export function createLogger(settings: LogSettings, console: Writable = process.stdout): ClosableLogger {
  const { self, logFormat, logLevel } = settings;
  const lineOf = (level: LogLevel, message: string, fields?: LogFields): string => {
    const entry = { time: new Date().toISOString(), level, controller: self, message, fields };
    return logFormat === 'json' ? jsonLine(entry) : textLine(entry);
  };
  const sink = settings.logFile === '-' ? sinkTo(console) : fileSink(settings, lineOf);
  const transport = transportTo(sink);
  const logger = winston.createLogger({
    level: logLevel,
    format: winston.format.printf(({ level, message, fields }) =>
      lineOf(level as LogLevel, message as string, fields as LogFields | undefined),
    ),
    transports: [transport],
  });
  const log = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (logger.isLevelEnabled(level)) logger.log(level, message, { fields });
  };
  return {
    error: log('error'),
    warn: log('warn'),
    info: log('info'),
    debug: log('debug'),
    reopen: () => {
      sink.reopen();
      log('info')('the log file was opened again');
    },
    writeLast: (message, fields) => sink.writeLast(lineOf('error', message, fields)),
    close: () => Promise.race([closed(logger, transport, sink), afterMs(CLOSE_TIMEOUT_MS)]),
  };
}

/** Winston decides which lines are logged and how they read; the sink decides how they are written. */
function transportTo(sink: Sink): winston.transport {
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _, next) {
      sink.write(line);
      next();
    },
  });
  return new winston.transports.Stream({ stream, eol: '' });
}

async function closed(logger: winston.Logger, transport: winston.transport, sink: Sink): Promise<void> {
  const isFlushed = once(transport, 'finish');
  logger.end();
  await isFlushed;
  await sink.close();
}

interface LogLine {
  readonly time: string;
  readonly level: LogLevel;
  readonly controller: ControllerId;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

/**
 * Such as `2026-01-01T00:00:00.000Z info  [0] listening {"port":8000}`: always one line, whatever the message
 * contains.
 */
function textLine({ time, level, controller, message, fields }: LogLine): string {
  const text = message.replace(/[\r\n]+/g, ' | ');
  const tail = fields === undefined ? '' : ` ${JSON.stringify(fields, printable)}`;
  return `${time} ${level.padEnd(5)} [${controller}] ${text}${tail}`;
}

/** The fields are an object of their own, so that no field can hide another part of the line. */
function jsonLine(entry: LogLine): string {
  return JSON.stringify(entry, printable);
}

/** JSON has no bigints, and shows an error as `{}`. */
function printable(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Error ? (value.stack ?? value.message) : value;
}

interface Sink {
  write(line: string): void;
  reopen(): void;
  /** Writes the line and all lines before it before it returns. */
  writeLast(line: string): void;
  /** Resolves once everything is written, or refused. */
  close(): Promise<void>;
}

function sinkTo(console: Writable): Sink {
  return {
    write: (line) => console.write(`${line}\n`),
    writeLast: (line) => console.write(`${line}\n`),
    reopen: ignore,
    close: () => new Promise((resolve) => console.write('', () => resolve())),
  };
}

function fileSink(
  { logFile, logSizeMax, logFilesMax }: LogSettings,
  lineOf: (level: LogLevel, message: string, fields?: LogFields) => string,
): Sink {
  try {
    ensureDirectory(dirname(logFile));
    return new RotatingFile({
      path: logFile,
      bytesMax: logSizeMax,
      filesMax: logFilesMax,
      lineOfDropped: (lines) => lineOf('warn', 'lines of this log could not be written', { lines }),
      onFailure: reportFailure,
    });
  } catch (cause) {
    throw new LogFileError(`cannot write the log file ${logFile}: ${(cause as Error).message}`, { cause });
  }
}

/** A log that can no longer be written must not end the controller, but the failure must be seen. */
function reportFailure(error: Error): void {
  process.stderr.write(`memchorus: cannot write the log: ${error.message}\n`);
}

function ignore(): void {}

function afterMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
