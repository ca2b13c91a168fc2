import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { play } from './scene-commands.ts';
import { commandsOf, formatScene, parseScene } from './scene-file.ts';
import type { Stage } from './stage.ts';

/**
 * Each file of `scenes/` is a script with its whole output, to be read as documentation. The test plays the script and
 * compares. `npx vitest run --project sim test_cases/sim/scenes.test.ts -u` writes the output again; the difference
 * then shows what has changed.
 */
const SCENES = fileURLToPath(new URL('scenes/', import.meta.url));

/** Longer scenes are not read. */
const LINES_MAX = 60;

describe('scenes', () => {
  it.each(readdirSync(SCENES))('%s', async (name) => {
    let stage: Stage | null = null;
    const played: { script: readonly string[]; output: string[] }[] = [];
    for (const { script } of parseScene(readFileSync(`${SCENES}${name}`, 'utf8'))) {
      for (const command of commandsOf(script)) stage = await play(stage, command);
      played.push({ script, output: stage?.takeLines() ?? [] });
    }
    stage?.end();
    const text = formatScene(played);
    await expect(text).toMatchFileSnapshot(`${SCENES}${name}`);
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(LINES_MAX);
  });
});
