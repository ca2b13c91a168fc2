import { didYouMean } from '../suggestion.ts';
import { COMMAND_FORMS, type CommandForm, formsFor } from './command-forms.ts';
import { COMMAND_FLAGS } from './command-notes.ts';
import { CLIENT_USAGES, COMMAND_WORDS, SHORT_FORM_WORDS } from './command-words.ts';

/** The arguments of a command: those in brackets may be left out, and `…` stands for any number of the last one. */
export function argumentsOf(usage: string): string[] {
  return usage.match(/\[[^\]]*\]|\S+/g)?.slice(1) ?? [];
}

/** Whether the arguments are `<flags> <exptime> <bytes>`, and not a value: two numbers have been typed. */
function isProtocolForm(words: readonly string[], isComplete: boolean): boolean {
  const numbers = words.slice(2, isComplete ? undefined : -1);
  return numbers.length >= 2 && numbers.every((word) => /^-?\d+$/.test(word));
}

/**
 * What may follow the line, as a hint behind it: the arguments that are missing, or what the flag means that is being
 * typed. Empty where there is nothing to say.
 */
export function hintFor(line: string): string {
  const words = line.trimStart().split(/ +/);
  const isComplete = words.at(-1) === '';
  if (isComplete) words.pop();
  const [word] = words;
  if (word === undefined || /["']/.test(line)) return '';
  const usage = COMMAND_WORDS.get(word)?.usage ?? CLIENT_USAGES.get(word);
  if (usage === undefined)
    return isComplete || words.length > 1 ? didYouMean(word, COMMAND_WORDS.keys()) : '';
  const flag = isComplete ? '' : flagHint(word, words);
  if (flag !== '') return `  ${flag}`;
  if (word in COMMAND_FORMS) return formHint(COMMAND_FORMS[word]!, words.slice(1), isComplete);
  const isShort = SHORT_FORM_WORDS.has(word) && !isProtocolForm(words, isComplete);
  const expected = isShort ? ['<key>', '<value>'] : argumentsOf(usage);
  const missing = expected.slice(words.length - 1);
  const last = expected.at(-1) ?? '';
  if (missing.length === 0 && last.includes('…')) missing.push(last);
  if (missing.length === 0) return '';
  return `${isComplete ? '' : ' '}${missing.join(' ')}`;
}

/** What is missing of each form that the words may become. */
function formHint(forms: readonly CommandForm[], words: readonly string[], isComplete: boolean): string {
  const missing = formsFor(forms, words).map((form) => form.slice(words.length).join(' '));
  const hint = missing.filter((one) => one !== '').join(' | ');
  return hint === '' || isComplete ? hint : ` ${hint}`;
}

/** The meaning of the flag at the end of a meta command. */
function flagHint(word: string, words: readonly string[]): string {
  const first = word === 'ms' ? 3 : 2;
  const typed = words.at(-1) ?? '';
  if (words.length <= first || typed === '') return '';
  const row = COMMAND_FLAGS[word]?.find(([flag]) => flag[0] === typed[0]);
  return row === undefined ? '' : `${row[0]}: ${row[1]}`;
}
