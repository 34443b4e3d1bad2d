import { writePage } from './page.js';
import { advisor } from './advisor/advisor.js';
import { first } from './first/first.js';
import { monitor } from './monitor/monitor.js';
import { overload } from './overload/overload.js';
import { siege } from './siege/siege.js';

/** The benchmarks by name; each takes what else is on the line, and answers whether it passed its bar. */
const BENCHMARKS: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  advisor,
  first,
  monitor,
  overload,
  siege,
};

const [name = '', ...args] = process.argv.slice(2);
const run = BENCHMARKS[name];
if (run) {
  process.exitCode = (await run(args)) ? 0 : 1;
  writePage();
} else {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(BENCHMARKS).join('|')}\n`);
  process.exitCode = 2;
}
