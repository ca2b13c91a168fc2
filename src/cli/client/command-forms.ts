/** A form of a command: its words, and in angle brackets places for words of a kind. The command itself is left out. */
export type CommandForm = readonly string[];

/** The commands with forms that differ by more than what may be left out at the end. */
export const COMMAND_FORMS: Readonly<Record<string, readonly CommandForm[]>> = {
  keyspace: [
    ['json'],
    ['add', '<name>', '<prefix>', '<level>'],
    ['remove', '<keyspace>'],
    ['prefix', '<keyspace>', '<prefix>'],
    ['<keyspace>', '<level>'],
    ['<keyspace>', 'shards', '<number>'],
    ['<keyspace>', 'move', '<shard>', '<controllers>'],
    ['<keyspace>', 'rebalance', 'without', '<controller>'],
    ['<keyspace>', 'cancel'],
    ['<keyspace>', 'pause'],
    ['<keyspace>', 'resume'],
  ],
};

export function isPlace(word: string): boolean {
  return word.startsWith('<');
}

/** The forms that begin with these words. A word of the command is that word, and no name. */
export function formsFor(forms: readonly CommandForm[], typed: readonly string[]): readonly CommandForm[] {
  let fitting = forms;
  for (const [place, word] of typed.entries()) {
    const literal = fitting.filter((form) => form[place] === word);
    fitting = literal.length > 0 ? literal : fitting.filter((form) => isPlace(form[place] ?? ''));
  }
  return fitting;
}
