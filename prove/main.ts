import { elections } from './elections/elections.js';
import { kills } from './kills/kills.js';
import { restarts } from './restarts/restarts.js';
import { rotation } from './rotation/rotation.js';
import { siege } from './siege/siege.js';

/** The proofs by name; each answers whether everything held. */
const PROOFS: Readonly<Record<string, () => Promise<boolean>>> = {
  siege,
  rotation,
  restarts,
  kills,
  elections,
};

const [name = ''] = process.argv.slice(2);
const prove = PROOFS[name];
if (prove) process.exitCode = (await prove()) ? 0 : 1;
else {
  process.stderr.write(`usage: npm run prove -- ${Object.keys(PROOFS).join('|')}\n`);
  process.exitCode = 2;
}
