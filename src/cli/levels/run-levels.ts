import { VERSION } from '../../controller/product.ts';
import { LEVELS, type Level } from '../../placement/level.ts';
import { EXIT_FAILED, EXIT_OK } from '../failure.ts';
import { whileUninterrupted } from '../interruption.ts';
import { lookOf } from '../look.ts';
import { SCRIPTS } from './histories.ts';
import { OwnCluster } from './own-cluster.ts';
import { play } from './player.ts';
import { measure, type Price } from './price.ts';
import { brokenPromises, type Findings, type Judged, reportOf } from './report.ts';
import { verdictsOn } from './verdicts.ts';

export interface LevelsOptions {
  /** Null: all levels. */
  readonly level: Level | null;
  /** How long each level is measured, in milliseconds; 0: not at all. */
  readonly measuredMs: number;
  readonly json: boolean;
}

/**
 * Plays the histories that tell the levels apart, on a cluster of its own, and prints what the clients saw, what the
 * checkers say of it, and what each level costs.
 *
 * @returns the exit code
 * @throws OperationError
 */
export async function runLevels(options: LevelsOptions): Promise<number> {
  const findings = await whileUninterrupted('what was started is stopped', (signal) =>
    findOut(options, signal),
  );
  const text = options.json ? asJson(findings) : reportOf(findings, lookOf(process.stdout));
  process.stdout.write(`${text}\n`);
  const broken = brokenPromises(findings);
  for (const promise of broken)
    process.stderr.write(
      `memchorus: a level broke its promise, which is a fault; please report it: ${promise}\n`,
    );
  return broken.length === 0 ? EXIT_OK : EXIT_FAILED;
}

async function findOut({ level, measuredMs }: LevelsOptions, signal: AbortSignal): Promise<Findings> {
  const levels = level === null ? LEVELS : [level];
  const progress = new Progress();
  const judged: Judged[] = [];
  const prices = new Map<Level, Price>();
  progress.show('starting three memcacheds and three controllers');
  try {
    return await OwnCluster.use(signal, async (cluster, ended) => {
      for (const [at, name] of levels.entries()) {
        const what = `${name} (${at + 1} of ${levels.length})`;
        progress.show(`${what}: starting the controllers`);
        await cluster.begin(name);
        for (const script of SCRIPTS) {
          progress.show(`${what}: ${script.title.toLowerCase()}`);
          const recording = await play(cluster, name, script);
          judged.push({ recording, verdicts: verdictsOn(recording) });
        }
        if (measuredMs === 0) continue;
        progress.show(`${what}: measuring for ${measuredMs / 1000} s`);
        const warmUpMs = at === 0 ? FIRST_WARM_UP_MS : WARM_UP_MS;
        prices.set(name, await measure(cluster, { warmUpMs, measuredMs }, ended));
      }
      progress.show('stopping');
      const stores = cluster.storesInWords;
      return { stores, levels, judged, prices: measuredMs === 0 ? null : prices, measuredMs };
    });
  } finally {
    progress.clear();
  }
}

/**
 * How long requests are made before they are measured, in milliseconds. At the first level nearly all of the code
 * runs for the first time.
 */
const FIRST_WARM_UP_MS = 1_500;
const WARM_UP_MS = 400;

/** One line on a terminal that says what is under way. */
class Progress {
  show(what: string): void {
    if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${what} ...`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  }
}

const CLEAR_LINE = '\r\u001b[K';

/** One object; fields are only ever added. */
function asJson({ stores, levels, judged, prices, measuredMs }: Findings): string {
  const histories = SCRIPTS.map((script) => ({
    name: script.name,
    title: script.title,
    heldBack: script.heldBack,
    forbiddenBy: script.forbiddenBy,
    clients: script.clients,
    seen: judged
      .filter(({ recording }) => recording.script === script)
      .map(({ recording: { level, requests, heldMs, releasedMs, ends }, verdicts }) => ({
        level,
        heldMs,
        releasedMs,
        requests,
        ends: ends.map((end) => Object.fromEntries(end)),
        verdicts,
      })),
  }));
  const costs = prices === null ? null : Object.fromEntries(prices);
  return JSON.stringify({ version: VERSION, stores, levels, histories, measuredMs, prices: costs });
}
