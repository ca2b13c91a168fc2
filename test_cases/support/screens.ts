/** A command in a document, and the output that the document shows. */
export interface Screen {
  readonly command: string;
  /** A line `…` stands for any lines. */
  readonly output: readonly string[];
  /** Lines of the document, counted from 0: the first line of the output, and the line after the last. */
  readonly from: number;
  readonly to: number;
  readonly indent: string;
}

const COMMAND = /^( {4})?\$ (.*)$/;

/** The commands in a Markdown text: lines in blocks of code that begin with `$ `. */
export function screensOf(text: string): Screen[] {
  const lines = text.split('\n');
  const screens: Screen[] = [];
  for (const [at, line] of lines.entries()) {
    const match = COMMAND.exec(line);
    if (match === null) continue;
    const indent = match[1] ?? '';
    const belongs = (next: string | undefined): boolean => {
      if (next === undefined || next.startsWith('```') || COMMAND.test(next)) return false;
      return next === '' || next.startsWith(indent);
    };
    let to = at + 1;
    while (belongs(lines[to])) to++;
    while (lines[to - 1] === '' && to > at + 1) to--;
    const output = lines.slice(at + 1, to).map((of) => of.slice(indent.length));
    screens.push({ command: match[2]!, output, from: at + 1, to, indent });
  }
  return screens;
}

/** A line without the parts that vary: ages, sizes, times and counts are replaced, and columns have one width. */
export function shapeOf(line: string): string {
  if (/^(healthy|degraded|unavailable): /.test(line)) return line;
  if (line.startsWith('stores: ')) return 'stores: …';
  // On a busy machine a cluster may form with a majority, and take the last controller in later.
  if (/^ +since /.test(line)) return 'since …';
  return line
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replace(/\b(\d+(\.\d+)?|now|never) ?(ms|s|min|h|d)\b/g, '<age>')
    .replace(/\b\d+(\.\d+)? ?[kMG]?B\b/g, '<bytes>')
    .replace(/127\.0\.0\.1:\d+|\d+(\.\d+)*/g, (number) => (number.startsWith('127') ? number : '<n>'))
    .replace(/ +/g, ' ')
    .trimEnd();
}

/** Whether the printed lines have the shape of the shown ones. */
export function isLike(shown: readonly string[], printed: readonly string[]): boolean {
  const gap = shown.indexOf('…');
  if (gap < 0)
    return (
      shown.length === printed.length && shown.every((line, at) => shapeOf(line) === shapeOf(printed[at]!))
    );
  const head = shown.slice(0, gap);
  const tail = shown.slice(gap + 1);
  if (printed.length < head.length + tail.length) return false;
  return (
    isLike(head, printed.slice(0, gap)) && isLike(tail, tail.length === 0 ? [] : printed.slice(-tail.length))
  );
}
