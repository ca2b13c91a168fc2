import { enableCompileCache } from 'node:module';
import { CODE_CACHE_DIRECTORY } from './src/cli/locations.ts';

enableCompileCache(CODE_CACHE_DIRECTORY);

const { run } = await import('./src/cli/run.ts');
process.exitCode = await run(process.argv.slice(2));
