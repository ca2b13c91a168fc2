/*
 * What users run. It is a CommonJS module without a single type, although all else is neither: the Node.js that is
 * installed may be too old for TypeScript, and would end with a stack trace before anything here could say so. In its
 * place the one is run that npm has installed beside the packages.
 */
const { spawn } = process.getBuiltinModule('node:child_process');
const { existsSync } = process.getBuiltinModule('node:fs');
const { enableCompileCache } = process.getBuiltinModule('node:module');
const { join } = process.getBuiltinModule('node:path');

/** The first major version that has everything that is used. */
const NODE_MIN = 24;

const packages = join(__dirname, 'node_modules');
const codeCache = join(packages, '.cache', 'memchorus');
const rightNode = join(packages, '.bin', 'node');
const isRight = Number(process.versions.node.split('.')[0]) >= NODE_MIN;

if (!existsSync(isRight ? packages : rightNode)) {
  const setup = join(__dirname, 'scripts', 'setup.sh');
  process.stderr.write(`memchorus: the dependencies are not installed; first run: sh '${setup}'\n`);
  process.exitCode = 1;
} else if (isRight) {
  enableCompileCache(codeCache);
  void import('./src/cli/run.ts').then(async ({ run }) => {
    process.exitCode = await run(process.argv.slice(2));
  });
} else {
  runInRightNode();
}

/** With the same input and output; it ends as that does. */
function runInRightNode() {
  const child = spawn(rightNode, [__filename, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: codeCache, ...process.env },
  });
  // Ctrl-C on a terminal has reached the other process already.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
