import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

/** The files of this project for the tests of the tree's rules: paths, text, imports and syntax. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A node of the syntax tree, as ESTree names it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export interface Import {
  /** As written: `node:net`, `../ordering/version.ts`. */
  readonly from: string;
  /** The imported file, from the root of the project; null for an import from outside. */
  readonly target: string | null;
  readonly typeOnly: boolean;
}

export class SourceFile {
  /** From the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  #syntax: SyntaxNode | null = null;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
    this.imports = importsOf(path, text);
  }

  get lines(): readonly string[] {
    return this.text.trimEnd().split('\n');
  }

  get syntax(): SyntaxNode {
    this.#syntax ??= parseAst(this.text, { lang: 'ts' }) as unknown as SyntaxNode;
    return this.#syntax;
  }

  /** The number of lines of the node. */
  linesOf({ start, end }: SyntaxNode): number {
    return this.text.slice(start, end).split('\n').length;
  }

  /** The path and line of the node. */
  placeOf({ start }: SyntaxNode): string {
    return `${this.path}:${this.text.slice(0, start).split('\n').length}`;
  }
}

/** All TypeScript files below this folder of the project. */
export function filesIn(folder: string): readonly SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => {
      const full = `${folder}/${path.replaceAll('\\', '/')}`;
      return new SourceFile(full, readFileSync(join(ROOT, full), 'utf8'));
    });
}

/** The files of the code, its tests and its tools. */
export const ALL_FILES: readonly SourceFile[] = ['src', 'test_cases', 'bench', 'scripts'].flatMap(filesIn);

/** The imports of a file. An import of types only is not there any more when the file runs. */
function importsOf(path: string, text: string): Import[] {
  const statements = text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:([^;'"]*?)\s+from\s+)?['"]([^'"]+)['"]/gm,
  );
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  const targetOf = (from: string) => (from.startsWith('.') ? posix.join(dirname(path), from) : null);
  return [
    ...[...statements].map(([, type, names, from]) => ({
      from: from!,
      target: targetOf(from!),
      typeOnly: type !== undefined || onlyTypes(names),
    })),
    ...[...dynamic].map(([, from]) => ({ from: from!, target: targetOf(from!), typeOnly: false })),
  ];
}

function onlyTypes(names: string | undefined): boolean {
  const listed = names?.match(/^\{([^}]*)\}$/s)?.[1];
  if (listed === undefined) return false;
  const each = listed.split(',').map((name) => name.trim());
  return each.every((name) => name === '' || name.startsWith('type '));
}

/** The text without comments. A string that looks like a comment is taken for one. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node).flat().filter(isNode);
}

/** The node and all nodes below it. */
export function* descendantsOf(node: SyntaxNode): Generator<SyntaxNode, undefined> {
  yield node;
  for (const child of childrenOf(node)) yield* descendantsOf(child);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** The name of an identifier, or of the last property of a member expression; null for any other node. */
export function nameOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return node.name as string;
  return node.type === 'MemberExpression' ? nameOf(node.property) : null;
}
