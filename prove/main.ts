import { siege } from './siege/siege.js';

/** The proofs by name; each answers whether everything held. */
const PROOFS: Readonly<Record<string, () => Promise<boolean>>> = { siege };

const [name = ''] = process.argv.slice(2);
const prove = PROOFS[name];
if (prove) process.exitCode = (await prove()) ? 0 : 1;
else {
  process.stderr.write(`usage: npm run prove -- ${Object.keys(PROOFS).join('|')}\n`);
  process.exitCode = 2;
}
