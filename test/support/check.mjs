// Everything a change must pass, in one command: `npm run check`, which is `npm test`. Stops at the first step that
// fails, and closes with the tests' count.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

const REPORT = '.cache/test-report.json';
const FOLDERS = ['src', 'schema', 'resolvers', 'sample', 'test', 'bench', 'examples'];
/** @type {[name: string, command: string, args: string[]][]} */
const steps = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  [
    'lint',
    'oxlint',
    ['--type-aware', '--quiet', ...FOLDERS, 'bulkhead.config.ts', 'codegen.ts', 'vitest.config.ts'],
  ],
  ['types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['build', 'npm', ['run', '--silent', 'build']],
  ['generated files', 'node', ['dist/codegen.js', '--check']],
  [
    'tests',
    'vitest',
    ['run', '--coverage', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`],
  ],
];

// Stale build information would let the compiler pass over what it has not looked at.
rmSync('.cache', { recursive: true, force: true });
rmSync('dist', { recursive: true, force: true });
mkdirSync('.cache', { recursive: true });
const count = () => {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(REPORT, 'utf8'));
    return [numPassedTests, numFailedTests];
  } catch {
    return [0, 0];
  }
};
/** @type {string | undefined} */
let failed;
for (const [name, command, args] of steps) {
  const started = Date.now();
  process.stdout.write(`\n— ${name}\n`);
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
  });
  process.stdout.write(
    `  ${status === 0 ? 'done' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
  );
  if (status !== 0) {
    failed = name;
    break;
  }
}
const [passed, broken] = count();
if (failed) process.stdout.write(`\nThe step "${failed}" failed.\n`);
// A step that is no test and failed counts as one failure, so that nobody reads a green line over it.
process.stdout.write(`\n${passed} passed, ${failed && broken === 0 ? 1 : broken} failed\n`);
process.exitCode = failed ? 1 : 0;
