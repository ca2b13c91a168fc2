import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** A file of the dashboard, as it is sent. */
export interface PageFile {
  /** Below `/dashboard/`; `index.html` is the page itself. */
  readonly path: string;
  readonly type: string;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const FOLDER = fileURLToPath(new URL('page/', import.meta.url));

/** The library that draws the charts. It comes with the dependencies, so that nothing is fetched from elsewhere. */
const CHARTS = { path: 'uplot.js', file: fileURLToPath(import.meta.resolve('uplot/dist/uPlot.iife.min.js')) };

/**
 * Reads the files of the dashboard: about 150 kB, kept for the rest of the process from the first time that
 * somebody opens the page. Other files in the folder are not served.
 */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const names = await readdir(FOLDER, { recursive: true });
  const files = names
    .filter((name) => extname(name) in TYPES)
    .map((name) => ({ path: name.replaceAll('\\', '/'), file: join(FOLDER, name) }));
  const read = await Promise.all([...files, CHARTS].map(({ path, file }) => pageFile(path, file)));
  return new Map(read.map((file) => [file.path, file]));
}

async function pageFile(path: string, file: string): Promise<PageFile> {
  const bytes = await readFile(file);
  const digest = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  const gzipped = await compress(bytes, { level: 9 });
  return { path, type: TYPES[posix.extname(path)]!, etag: `"${digest}"`, bytes, gzipped };
}

const compress = promisify(gzip);
