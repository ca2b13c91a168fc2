/** How many seeds a test runs. `SIM_SEEDS` and `SIM_FIRST_SEED` ask for others. */
export const SEEDS = Number(process.env.SIM_SEEDS ?? 40);
export const FIRST_SEED = Number(process.env.SIM_FIRST_SEED ?? 1);

/** Runs once for each seed. A failure names its seed and the variables that bring it back. */
export async function forEachSeed(run: (seed: number) => Promise<unknown>): Promise<void> {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    try {
      await run(seed);
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(`seed ${seed} (SIM_FIRST_SEED=${seed} SIM_SEEDS=1): ${reason}`, { cause: error });
    }
  }
}
