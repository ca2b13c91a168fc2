import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './programs.ts';

/**
 * Asks again after 503 where that says that nothing was done: on a busy machine a controller may be out of the view.
 *
 * @returns the status, a space, and the body
 */
export async function curl(url: string, ...words: string[]): Promise<string> {
  for (;;) {
    const { printed } = await run('curl', ['-s', '-w', '\n%{http_code}', ...words, url]);
    const at = printed.lastIndexOf('\n');
    const answer = `${printed.slice(at + 1).trim()} ${printed.slice(0, at)}`.trim();
    if (!answer.startsWith('503 ') || !answer.includes('"mayHaveHappened":false')) return answer;
    await sleep(100);
  }
}
