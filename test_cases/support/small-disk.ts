import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this user may mount a file system, which only root may. */
export const mayMount = process.getuid?.() === 0;

/** A file system of a few megabytes, which a test can fill up. */
export class SmallDisk {
  readonly path: string;

  /** @param size as mount takes it: `8m` */
  constructor(size: string) {
    this.path = mkdtempSync(join(tmpdir(), 'memchorus-small-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.path]);
  }

  /** Writes until the disk is full. */
  fill(): void {
    for (let size = 1_048_576; size >= 1; size >>= 1) {
      try {
        for (;;) writeFileSync(this.#ballast, Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  free(): void {
    rmSync(this.#ballast);
  }

  [Symbol.dispose](): void {
    execFileSync('umount', [this.path]);
    rmdirSync(this.path);
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }
}
