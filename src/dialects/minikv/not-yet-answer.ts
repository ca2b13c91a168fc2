import { HttpProblem } from '../../http/problems.ts';

/** The whole answer of a node that does not serve yet. Its file is small: such a node has loaded little. */
export function notYetAnswer(reason: string): string {
  return new HttpProblem('NOT_VOTING', reason).lastAnswerAs('application/json; charset=utf-8');
}
