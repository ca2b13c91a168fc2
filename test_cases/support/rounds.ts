/** How often each failure is repeated: once in `npm test`, more often by `scripts/failures.sh`. */
export const ROUNDS = Number(process.env.FAILURE_ROUNDS ?? 1);

/** For a test that repeats what takes about so many seconds. @returns milliseconds */
export function timeFor(secondsPerRound: number): number {
  return 60_000 + ROUNDS * secondsPerRound * 1_000;
}

export async function repeat(round: (at: number) => Promise<void>): Promise<void> {
  for (let at = 0; at < ROUNDS; at++) await round(at);
}
