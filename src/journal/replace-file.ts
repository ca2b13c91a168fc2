import { dirname } from 'node:path';
import type { Disk } from './disk.ts';

/** Replaces a file, or makes it. After a crash either the old or the new content is there, whole. */
export async function replaceFile(disk: Disk, path: string, content: string | Buffer): Promise<void> {
  const file = await disk.open(`${path}.new`, 'create');
  try {
    await file.truncate(0);
    await file.write(Buffer.from(content), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(`${path}.new`, path);
  await disk.syncDirectory(dirname(path));
}
