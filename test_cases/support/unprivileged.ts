import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const NODE = join(resolve(import.meta.dirname, '../..'), 'node_modules/.bin/node');

/** The id of a user without privileges. Tests that do not run as root run as such a user already. */
export const NOBODY = 65_534;

/** The words before a command that make a user without privileges run it. */
export const AS_NOBODY: readonly string[] =
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
    : ['env'];

/** False when such a user may not read the project, or when there is no `setpriv`. */
export const mayRunAsNobody = spawnSync(AS_NOBODY[0]!, [...AS_NOBODY.slice(1), NODE, '-v']).status === 0;
