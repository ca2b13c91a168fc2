/** Commands that are played together, and what happened. */
export interface Block {
  /** Comments and commands, as they stand in the file. */
  readonly script: readonly string[];
  readonly output: readonly string[];
}

/** Between the commands of a block and what happened. */
const DIVIDER = '----';

/**
 * Reads a scene: blocks with an empty line after each. A block has comments (`# …`), commands, and below `----` what
 * the commands have brought about. A block without commands is a text for the reader.
 */
export function parseScene(text: string): Block[] {
  return text
    .trimEnd()
    .split(/\n\n+/)
    .map((block) => {
      const lines = block.split('\n');
      const end = lines.indexOf(DIVIDER);
      return end < 0
        ? { script: lines, output: [] }
        : { script: lines.slice(0, end), output: lines.slice(end + 1) };
    });
}

export function formatScene(blocks: readonly Block[]): string {
  const texts = blocks.map(({ script, output }) => {
    return (commandsOf(script).length === 0 ? script : [...script, DIVIDER, ...output]).join('\n');
  });
  return `${texts.join('\n\n')}\n`;
}

export function commandsOf(script: readonly string[]): string[] {
  return script.filter((line) => line !== '' && !line.startsWith('#'));
}
