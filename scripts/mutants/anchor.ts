import { parseAst } from 'vitest/node';
import type { Edit } from '../../test_cases/sim/mutants/mutant.ts';

/** A node of the syntax tree, as ESTree names it. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Code that takes the place of the code between two positions of a file. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly code: string;
}

const ANCHOR = /^ *\/\/ mutant: (\S+)$/gm;

/** Where each anchor of a file ends, by its name. @throws when the file has one twice */
export function anchorsOf(code: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { 0: line, 1: name, index } of code.matchAll(ANCHOR)) {
    if (found.has(name!)) throw new Error(`the anchor ${name} is there twice`);
    found.set(name!, index + line.length);
  }
  return found;
}

/**
 * What an edit changes. An anchor belongs to the code that begins first after it: a statement, a property or an
 * operand, however many lines it has.
 *
 * @param anchorEnd from `anchorsOf`
 * @throws when the code under the anchor has no such part, or would stay as it is
 */
export function changeOf(code: string, anchorEnd: number, edit: Edit): Change {
  const node = firstAfter(anchorEnd, parseAst(code, { lang: 'ts' }) as unknown as Node);
  if (node === null) throw new Error('no code follows the anchor');
  const { start, end } = partOf(node, edit);
  const original = code.slice(start, end);
  const changed = replacementOf(node, original, edit);
  if (changed === original) throw new Error('the edit changes nothing');
  return { start, end, code: changed };
}

/** Makes changes that do not overlap. */
export function applied(code: string, changes: readonly Change[]): string {
  let result = code;
  for (const change of changes.toSorted((a, b) => b.start - a.start))
    result = result.slice(0, change.start) + change.code + result.slice(change.end);
  return result;
}

/** The largest of the nodes that begin first after a position. */
function firstAfter(position: number, root: Node): Node | null {
  let first: Node | null = null;
  const visit = (node: Node): void => {
    if (node.end <= position) return;
    if (node.start >= position) {
      if (first === null || node.start < first.start) first = node;
      return;
    }
    for (const child of childrenOf(node)) visit(child);
  };
  for (const child of childrenOf(root)) visit(child);
  return first;
}

function childrenOf(node: Node): Node[] {
  const isNode = (value: unknown): value is Node =>
    typeof value === 'object' && value !== null && 'type' in value;
  return Object.values(node).flat().filter(isNode);
}

/** The part of the anchored code that the edit replaces. */
function partOf(node: Node, edit: Edit): Node {
  if (edit === 'drop' || 'statement' in edit) {
    if (!/(Statement|Declaration)$/.test(node.type)) throw new Error(`it is no statement: ${node.type}`);
    return node;
  }
  const part = 'test' in edit ? node.test : 'callee' in edit ? calleeOf(node) : expressionOf(node);
  if (part === undefined || part === null)
    throw new Error(`${node.type} has no ${Object.keys(edit).join(' or ')}`);
  return part as Node;
}

/** The function of a call that is a statement. */
function calleeOf(statement: Node): unknown {
  const call = statement.expression as Node | undefined;
  return call?.type === 'CallExpression' ? call.callee : undefined;
}

function expressionOf(node: Node): unknown {
  switch (node.type) {
    case 'ReturnStatement':
      return node.argument;
    case 'VariableDeclaration':
      return (node.declarations as readonly Node[])[0]!.init;
    case 'ExpressionStatement':
      return (node.expression as Node).right;
    case 'Property':
      return node.value;
    default:
      return node.type.endsWith('Expression') ? node : undefined;
  }
}

function replacementOf(node: Node, original: string, edit: Edit): string {
  if (edit === 'drop') return ';';
  const text = Object.values(edit)[0]!.replaceAll('$', () => original);
  if (!('statement' in edit)) return `(${text})`;
  // Several statements may take the place of the only one that an `if` has.
  return node.type.endsWith('Declaration') ? text : `{ ${text} }`;
}
