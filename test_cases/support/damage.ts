import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Flips a bit in the middle of the first file of that kind. */
export function damageFile(dataDir: string, controller: string, prefix: string): void {
  const directory = join(dataDir, controller);
  const name = readdirSync(directory)
    .sort()
    .find((one) => one.startsWith(prefix));
  if (name === undefined) throw new Error(`there is no file ${prefix}… in ${directory}`);
  const bytes = readFileSync(join(directory, name));
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(join(directory, name), bytes);
}
