import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const NODE = join(resolve(import.meta.dirname, '../..'), 'node_modules/.bin/node');

/** A user who owns nothing; tests that are not root's are run by such a one already. */
export const NOBODY = 65_534;

/** In front of a command that is to be run by a user without rights. */
export const AS_NOBODY: readonly string[] =
  process.getuid?.() === 0
    ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups']
    : ['env'];

/** False where such a user may not even read the project, or where there is no `setpriv`. */
export const mayRunAsNobody = spawnSync(AS_NOBODY[0]!, [...AS_NOBODY.slice(1), NODE, '-v']).status === 0;
