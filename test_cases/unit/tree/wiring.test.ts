import { expect, it } from 'vitest';
import { PURE_ROOMS } from '../../support/rooms.ts';
import {
  descendantsOf,
  filesIn,
  isNode,
  nameOf,
  SourceFile,
  type SyntaxNode,
} from '../../support/source-tree.ts';

/** How objects are put together: each is complete when its constructor returns, and a module has no state. */

const SRC = filesIn('src');
const PURE = SRC.filter(({ path }) => PURE_ROOMS.includes(path.split('/')[1]!));

/** Places in files where a rule is broken. */
type Rule = (file: SourceFile) => string[];

/** Port objects that are copied whole into others: what a part is given can't be read off such a call. */
const spreadPorts: Rule = (file) =>
  nodesOf(file, 'SpreadElement')
    .filter(({ argument }) => /ports$/i.test(nameOf(argument) ?? ''))
    .map((node) => file.placeOf(node));

/** Functions that another object is given after it was made: until then it would call none, or another one. */
const lateCallbacks: Rule = (file) => {
  const assigned = nodesOf(file, 'AssignmentExpression').filter(
    ({ left, right }) => isMemberOfAnother(left) && isNode(right) && /Function/.test(right.type),
  );
  const fields = nodesOf(file, 'PropertyDefinition').filter(
    (field) => nameOf(field.key) !== null && !field.readonly && isPublic(field) && hasFunctionType(field),
  );
  const properties = nodesOf(file, 'TSPropertySignature').filter(
    (property) => !property.readonly && hasFunctionType(property),
  );
  return [...assigned, ...fields, ...properties].map((node) => file.placeOf(node));
};

/** Getters that change something: reading a property twice would give two things. */
const changingGetters: Rule = (file) =>
  nodesOf(file, 'MethodDefinition')
    .filter(({ kind }) => kind === 'get')
    .flatMap(({ value }) => [...descendantsOf(value as SyntaxNode)])
    .filter(({ type, left, argument }) => isChange(type) && isOfThis(left ?? argument))
    .map((node) => file.placeOf(node));

/** State of a module: what one part of a controller does with it, all parts of all controllers in the process see. */
const moduleState: Rule = (file) => {
  const declarations = (file.syntax.body as SyntaxNode[])
    .map((statement) => (isNode(statement.declaration) ? statement.declaration : statement))
    .filter(({ type }) => type === 'VariableDeclaration');
  const variables = declarations.filter(({ kind }) => kind !== 'const');
  const names = new Set(
    declarations.flatMap((one) => (one.declarations as SyntaxNode[]).map(({ id }) => nameOf(id))),
  );
  const changed = [...descendantsOf(file.syntax)].filter((node) => names.has(changedBy(node)));
  return [...variables, ...changed].map((node) => file.placeOf(node));
};

/** The name of what the node changes: `list` of `list.push(1)`, `list[0] = 1` and `list.length++`. */
function changedBy({ type, left, argument, callee }: SyntaxNode): string | null {
  if (isChange(type)) return objectName(left ?? argument);
  if (type !== 'CallExpression' || !CHANGING_METHODS.test(nameOf(callee) ?? '')) return null;
  return objectName(callee);
}

const CHANGING_METHODS =
  /^(set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin)$/;

function objectName(node: unknown): string | null {
  return isNode(node) && node.type === 'MemberExpression' ? nameOf(node.object) : null;
}

function nodesOf({ syntax }: SourceFile, type: string): SyntaxNode[] {
  return [...descendantsOf(syntax)].filter((node) => node.type === type);
}

function isChange(type: string): boolean {
  return type === 'AssignmentExpression' || type === 'UpdateExpression';
}

function isOfThis(node: unknown): boolean {
  return isNode(node) && (node.type === 'ThisExpression' || isOfThis(node.object));
}

function isMemberOfAnother(node: unknown): boolean {
  return isNode(node) && node.type === 'MemberExpression' && !isOfThis(node);
}

function isPublic({ key, accessibility }: SyntaxNode): boolean {
  return isNode(key) && key.type !== 'PrivateIdentifier' && (accessibility ?? 'public') === 'public';
}

function hasFunctionType({ typeAnnotation }: SyntaxNode): boolean {
  const type = isNode(typeAnnotation) ? typeAnnotation.typeAnnotation : null;
  if (!isNode(type)) return false;
  const parts = type.type === 'TSUnionType' ? (type.types as SyntaxNode[]) : [type];
  return parts.some((part) => {
    const inner = part.type === 'TSParenthesizedType' ? part.typeAnnotation : part;
    return isNode(inner) && inner.type === 'TSFunctionType';
  });
}

it('no object of ports is spread into another', () => {
  expect(SRC.flatMap(spreadPorts)).toEqual([]);
});

it('no callback is assigned after construction', () => {
  expect(SRC.flatMap(lateCallbacks)).toEqual([]);
});

it('no getter changes anything', () => {
  expect(SRC.flatMap(changingGetters)).toEqual([]);
});

it('no module of a pure room has state', () => {
  expect(PURE.flatMap(moduleState)).toEqual([]);
});

it('the rules find what they are for, and nothing else', () => {
  const found = (rule: Rule, text: string) => rule(new SourceFile('src/base/a.ts', text)).length;
  expect(found(spreadPorts, 'f({ ...ports, a });\ng({ ...this.#ports });\nh({ ...rest });')).toBe(2);
  expect(found(lateCallbacks, 'replica.onMissing = () => {};\nthis.#own.on = function () {};')).toBe(1);
  expect(found(lateCallbacks, 'class A { onNext: (() => void) | null = null; }')).toBe(1);
  expect(
    found(lateCallbacks, 'class A { #on = () => {}; readonly on: () => void; waiting: (() => void)[]; }'),
  ).toBe(0);
  expect(found(lateCallbacks, 'interface A { on: () => void; readonly off: () => void }')).toBe(1);
  expect(
    found(
      changingGetters,
      'class A { get a() { return this.#a++; } get b() { let b = 0; b = 1; return b; } }',
    ),
  ).toBe(1);
  expect(found(moduleState, 'let a = 0;\nexport const list = [];\nfunction f() { list.push(1); }')).toBe(2);
  expect(
    found(moduleState, 'const LIST = [];\nLIST[0] = 1;\nfunction f(list) { list.push(LIST.length); }'),
  ).toBe(1);
});
