import { HttpProblem } from './problems.ts';

/** @param digits at most 20 of them @returns 64 bits unsigned @throws HttpProblem */
export function numberOfDigits(digits: string): bigint {
  const value = BigInt(digits);
  if (value < 2n ** 64n) return value;
  throw new HttpProblem('MALFORMED', `${digits} does not fit in 64 bits`);
}
