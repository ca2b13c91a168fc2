import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first file whose name begins with the prefix. */
function fileOf(directory: string, prefix: string): string {
  const name = readdirSync(directory)
    .sort()
    .find((one) => one.startsWith(prefix));
  if (name === undefined) throw new Error(`there is no file ${prefix}… in ${directory}`);
  return join(directory, name);
}

/** Flips a bit in the middle of the first file with this prefix. */
export function flipBit(directory: string, prefix: string): void {
  const path = fileOf(directory, prefix);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(path, bytes);
}

/** Appends to the log what a crash leaves of a write that it cut short. */
export function tear(directory: string): void {
  const path = fileOf(directory, 'log-');
  appendFileSync(path, readFileSync(path).subarray(0, 25));
}

/** Cuts off the second half of the first file with this prefix. */
export function cutShort(directory: string, prefix: string): void {
  const path = fileOf(directory, prefix);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
}

export function removeFile(directory: string, prefix: string): void {
  rmSync(fileOf(directory, prefix));
}

/** Puts a copy of another directory in the place of this one. */
export function replaceBy(directory: string, other: string): void {
  rmSync(directory, { recursive: true });
  cpSync(other, directory, { recursive: true });
}
