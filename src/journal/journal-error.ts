/** Why a data directory can't be used, as one line that says what to do. */
export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'JournalError';
    this.code = code;
  }
}

export type JournalErrorCode =
  | 'OTHER_OWNER'
  | 'OTHER_PLACEMENT'
  | 'WRONG_FORMAT'
  | 'NO_PERMISSION'
  | 'NOT_A_DIRECTORY'
  | 'NO_PLACE'
  | 'NOT_EMPTY'
  | 'DISK_FULL'
  | 'LOCKED'
  | 'DAMAGED'
  | 'NO_TIME_LEFT'
  | 'INTERRUPTED'
  | 'IO';

/** What is on disk is not what was written there: it must not be served from. */
export class DamageError extends Error {
  readonly code = 'DAMAGE';

  constructor(message: string) {
    super(message);
    this.name = 'DamageError';
  }
}

/** A system's error about a path, in the words of this room. */
export function journalErrorOf(error: unknown, path: string): JournalError {
  if (error instanceof JournalError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code ?? '') {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new JournalError('NO_PERMISSION', `no permission to write ${path}: ${howTo.permission}`, error);
    case 'ENOTDIR':
    case 'EEXIST':
      return new JournalError('NOT_A_DIRECTORY', `${path} is not a directory: ${howTo.directory}`, error);
    case 'ENOSPC':
    case 'EDQUOT':
      return new JournalError('DISK_FULL', `the disk of ${path} is full: ${howTo.space}`, error);
    default:
      return new JournalError('IO', `${path} can't be used: ${message}`, error);
  }
}

/** Why a directory could not be made. @param path where no other is named by the error */
export function placeErrorOf(error: unknown, path: string): JournalError {
  const { code, path: named = path } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENAMETOOLONG')
    return new JournalError('NO_PLACE', `${named} can't be made (${code}): ${howTo.place}`, error);
  return journalErrorOf(error, named);
}

const howTo = {
  permission: 'give it to the user that runs the controller, or set another data_dir',
  directory: 'move the file that is in its place, or set another data_dir',
  place: 'set another data_dir',
  space: 'make room, or set another data_dir',
} as const;
