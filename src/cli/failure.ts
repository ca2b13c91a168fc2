/**
 * What can be wrong with what the user asks for. A code keeps its meaning from release to release; the text may
 * change.
 */
export type UsageCode =
  /** A word or flag that is not understood, or a word that is missing. */
  | 'COMMAND_LINE'
  /** A command of the client, or the value that belongs to it. */
  | 'CLIENT_COMMAND'
  /** The configuration file as a whole, or a line of it. */
  | 'CONFIG_FILE'
  /** The value of a setting, wherever it was given, or two settings that contradict each other. */
  | 'SETTING'
  /** The cluster secret is missing, unfit, or readable by others. */
  | 'CLUSTER_SECRET'
  /** `data_dir` is a place where no data directory can be. */
  | 'DATA_DIRECTORY'
  /** `log_file` cannot be written. */
  | 'LOG_FILE'
  /** No controller has this id or address. */
  | 'NO_SUCH_CONTROLLER'
  /** The cluster has no keyspace of this name, or none that takes the keys that are needed. */
  | 'NO_SUCH_KEYSPACE'
  /** A fault that a drill is asked for cannot be done to this cluster, or would cost it data. */
  | 'UNSAFE_FAULT'
  /** A cluster runs already, with other settings than those that are asked for. */
  | 'RUNS_OTHERWISE';

/** Why something that was understood could not be done. As for `UsageCode`, codes are stable and texts are not. */
export type OperationCode =
  /** Another program listens on the port. */
  | 'PORT_TAKEN'
  /** The address belongs to no network interface of this machine. */
  | 'NO_SUCH_ADDRESS'
  /** The system does not allow this user to listen on the address. */
  | 'LISTEN_FORBIDDEN'
  /** Another process is connected to the peers under this controller's id. */
  | 'ID_TAKEN'
  /** The journal, or a copy of it, cannot be used; the cause is a `JournalError`. */
  | 'JOURNAL'
  | 'NO_BACKUP'
  /** The controllers of the cluster have changed while a backup was made. */
  | 'MEMBERS_CHANGED'
  | 'NO_SUCH_FILE'
  /** The target of a restore or backup holds something already. */
  | 'NOT_EMPTY'
  /** The file of the cluster secret cannot be written. */
  | 'CLUSTER_SECRET'
  /** No controller accepts connections. */
  | 'UNREACHABLE'
  /** A controller of a demonstration answered a request with an error, or not at all. */
  | 'REQUEST_FAILED'
  | 'STORE_NOT_STARTED'
  /** Something answers on a store's port, and it is no store for this cluster. */
  | 'STORE_NOT_USABLE'
  | 'CONTROLLER_NOT_STARTED'
  /** The cluster was started and did not become ready in time. */
  | 'NOT_READY'
  /** There is no cluster to do this with. */
  | 'NOT_RUNNING'
  /** The controller was removed from its cluster for good, and its id is never given again. */
  | 'DROPPED'
  /** A controller runs that has to be stopped first. */
  | 'STILL_RUNNING'
  | 'NOT_STOPPED'
  /** The cluster did not take another level. */
  | 'NOT_CHANGED'
  /** The user has interrupted a start or restart. */
  | 'INTERRUPTED'
  /** The file that says what is running cannot be read or written. */
  | 'RUN_RECORD'
  /** Another start, stop or restart is under way. */
  | 'RUN_LOCKED'
  /** A benchmark could not be made or run. */
  | 'BENCH';

/** What the user asked for cannot be understood or is not allowed: one line on stderr, exit code 2. */
export class UsageError extends Error {
  readonly code: UsageCode;

  constructor(code: UsageCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
    this.code = code;
  }
}

/** What the user asked for was understood, but could not be done: stderr, exit code 1. */
export class OperationError extends Error {
  readonly code: OperationCode;

  constructor(code: OperationCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OperationError';
    this.code = code;
  }
}

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** A command of the client was answered, and there is no such key, or its condition did not hold. */
export const EXIT_MISS = 4;

/** The text of an error of unknown origin. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node's code of a system error, such as `ENOENT`; empty for anything else. */
export function systemCodeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
