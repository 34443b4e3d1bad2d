import { EXIT } from '../src/cli/output.js';
import { elections } from './elections/elections.js';
import { kills } from './kills/kills.js';
import { restarts } from './restarts/restarts.js';
import { rotation } from './rotation/rotation.js';
import { siege } from './siege/siege.js';
import { MissingTool } from './support/missing-tool.js';
import { toxics } from './toxics/toxics.js';

/** The proofs by name; each answers whether everything held. */
const PROOFS: Readonly<Record<string, () => Promise<boolean>>> = {
  siege,
  rotation,
  restarts,
  kills,
  elections,
  toxics,
};

const [name = ''] = process.argv.slice(2);
const prove = PROOFS[name];
if (prove) {
  try {
    process.exitCode = (await prove()) ? EXIT.fine : EXIT.findings;
  } catch (error) {
    if (!(error instanceof MissingTool)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT.unavailable;
  }
} else {
  process.stderr.write(`usage: npm run prove -- ${Object.keys(PROOFS).join('|')}\n`);
  process.exitCode = EXIT.usage;
}
