import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROJECT = resolve(import.meta.dirname, '../..');
const DECISIONS = 'docs/decisions';

const documents = [
  'README.md',
  'CHANGELOG.md',
  ...['docs', DECISIONS].flatMap((directory) => pagesIn(directory).map((name) => join(directory, name))),
];

function pagesIn(directory: string): string[] {
  return readdirSync(join(PROJECT, directory)).filter((name) => name.endsWith('.md'));
}

function textOf(document: string): string {
  return readFileSync(join(PROJECT, document), 'utf8');
}

/** Targets of the links of a document to files of the project: `operation.md#limits`. */
function linksOf(document: string): string[] {
  const targets = Array.from(textOf(document).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** What a heading is called in the address of a link. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '');
  return words.replaceAll(' ', '-');
}

function anchorsOf(document: string): string[] {
  return Array.from(textOf(document).matchAll(/^#+ (.*)$/gm), ([, heading]) => anchorOf(heading!));
}

function isBroken(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : relative(PROJECT, resolve(PROJECT, dirname(document), path));
  if (!existsSync(join(PROJECT, file))) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

/** Paths of source files and folders that a document names: `src/membership/view.ts`. A star stands for any name. */
function pathsOf(document: string): string[] {
  const named = textOf(document).matchAll(/`((?:src|test_cases|bench|scripts|deploy)\/[\w./*-]*)`/g);
  return Array.from(named, ([, path]) => path!);
}

/** Files that a program writes, and the project does not have. */
const GENERATED = ['bench/results/DATE.json', 'bench/report.html'];

function isMissing(path: string): boolean {
  if (GENERATED.includes(path)) return false;
  const name = path.split('/').at(-1)!;
  if (!name.includes('*')) return !existsSync(join(PROJECT, path));
  const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  return !readdirSync(join(PROJECT, dirname(path))).some((found) => pattern.test(found));
}

describe('the documents', () => {
  it.each(documents)('%s links to what is there', (document) => {
    expect(linksOf(document).filter((target) => isBroken(document, target))).toEqual([]);
  });

  it.each(documents)('%s names files that are there', (document) => {
    expect(pathsOf(document).filter(isMissing)).toEqual([]);
  });

  it('link to each other and name files at all', () => {
    expect(documents.flatMap(linksOf).length).toBeGreaterThan(60);
    expect(documents.flatMap(pathsOf).length).toBeGreaterThan(30);
  });

  it('include a glossary that gives each word once', () => {
    const words = Array.from(textOf('docs/glossary.md').matchAll(/^\| ([^|]+) \|/gm), ([, word]) => word!);
    const defined = words.filter((word) => word !== 'word');
    expect(defined.length).toBeGreaterThan(100);
    expect(defined.filter((word, at) => defined.indexOf(word) !== at)).toEqual([]);
  });
});

describe('a decision', () => {
  const names = pagesIn(DECISIONS).filter((name) => /^\d{4}-/.test(name));

  /** Title, and the list below it: status, date, and what the decision supersedes. */
  const headOf = (name: string): string => textOf(join(DECISIONS, name)).split('\n\n', 2).join('\n');

  it.each(names)('%s begins with its number, status and date', (name) => {
    const head = headOf(name);
    expect(head).toMatch(new RegExp(`^# ${Number(name.slice(0, 4))}\\. \\S`));
    expect(head).toMatch(/^- Status: (accepted|superseded by \[)/m);
    expect(head).toMatch(/^- Date: \d{4}-\d\d-\d\d$/m);
  });

  it.each(names)('%s is in the index, with its title and status', (name) => {
    const [, title, status] = /^# \d+\. (.*)\n- Status: (\w+)/.exec(headOf(name))!;
    const rows = textOf(join(DECISIONS, 'README.md')).split('\n');
    const row = rows.find((line) => line.startsWith(`| [${Number(name.slice(0, 4))}](${name}) |`));
    expect(row).toContain(`| ${title} | ${status}`);
  });
});
