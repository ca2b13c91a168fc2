import { expect, it } from 'vitest';
import {
  ALL_FILES,
  childrenOf,
  descendantsOf,
  isNode,
  nameOf,
  SourceFile,
  type SyntaxNode,
} from '../../support/source-tree.ts';

/** How large a file, a function and a line may be. */

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const WIDTH_MAX = 120;

/** Functions above the limit, with their places. A suite is a list of tests, and may be as long as its file. */
function longFunctions(file: SourceFile): string[] {
  return [...descendantsOf(file.syntax)]
    .filter((node) => isFunction(node) && file.linesOf(node) > FUNCTION_LINES_MAX && !isSuite(node))
    .map((node) => `${file.placeOf(node)} has ${file.linesOf(node)} lines`);
}

function isFunction(node: SyntaxNode): boolean {
  return /^(Function|ArrowFunction)/.test(node.type) && isNode(node.body);
}

/** One of its own statements is a test, or a suite of tests. */
function isSuite({ body }: SyntaxNode): boolean {
  return childrenOf(body as SyntaxNode).some((statement) =>
    /^(it|testWith\w+|describe\w*)$/.test(calledBy(statement)),
  );
}

/** What a statement calls first: `it` of `it.each(cases)('…', …)`. */
function calledBy(statement: SyntaxNode): string {
  let callee = statement.expression;
  while (isNode(callee) && callee.type !== 'Identifier') callee = callee.callee ?? callee.object;
  return nameOf(callee) ?? '';
}

it(`no file has more than ${FILE_LINES_MAX} lines`, () => {
  const large = ALL_FILES.filter(({ lines }) => lines.length > FILE_LINES_MAX);
  expect(large.map(({ path, lines }) => `${path} has ${lines.length} lines`)).toEqual([]);
});

it(`no function has more than ${FUNCTION_LINES_MAX} lines`, () => {
  expect(ALL_FILES.flatMap(longFunctions)).toEqual([]);
});

/** A line that is one literal, which can't be broken: a text with its line ends, or a regular expression. */
const LITERAL = /^\s*(['"`/]).*\1\w*[,;)]*$/;

it(`no line is wider than ${WIDTH_MAX} characters`, () => {
  const isWide = (line: string) => line.length > WIDTH_MAX && !LITERAL.test(line);
  const wide = ALL_FILES.flatMap(({ path, lines }) =>
    lines.flatMap((line, index) => (isWide(line) ? [`${path}:${index + 1}`] : [])),
  );
  expect(wide).toEqual([]);
});

it('the rules find a long function, and leave suites alone', () => {
  const lines = '  step();\n'.repeat(FUNCTION_LINES_MAX);
  const found = (text: string) => longFunctions(new SourceFile('src/a.ts', text)).length;
  expect(found(`function f() {\n${lines}}`)).toBe(1);
  expect(found(`class A {\n  f = () => {\n${lines}  };\n}`)).toBe(1);
  expect(found(`describe('x', () => {\n  it('y', f);\n${lines}});`)).toBe(0);
  expect(found(`describeWith('x', () => {\n  it.each([1])('y', f);\n${lines}});`)).toBe(0);
  expect(found(`describe('x', () => {\n  it('y', () => {\n${lines}  });\n});`)).toBe(1);
});
