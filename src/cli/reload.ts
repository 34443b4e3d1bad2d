import { readDataDir } from '../config/data-dir.js';
import { VariableSource } from '../config/variable-source.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Replacement } from '../server/runtime/product-keeper.js';
import { type CommonOptions, EXIT, paint, print, table } from './output.js';
import { askToReload, type ReloadAnswer } from './reload-channel.js';

/**
 * Lets the gateways that run here read their secrets again.
 *
 * @returns the exit code: 1 where something was not taken.
 * @throws BulkheadError where none runs.
 */
export async function reload({ json }: CommonOptions): Promise<number> {
  // The gateway reads the secrets; here they need not be known.
  const cwd = process.cwd();
  const dataDir = readDataDir(new VariableSource(process.env, cwd), cwd);
  const answers = await askToReload(dataDir);
  if (answers.size === 0)
    throw new BulkheadError(
      'PRODUCT_UNAVAILABLE',
      `no gateway is reached from here (in ${dataDir}). One that runs elsewhere reads its secrets again on SIGHUP.`,
    );
  const ok = [...answers.values()].every(isFine);
  const gateways = [...answers].map(([pid, answer]) => ({ pid, ...answer }));
  print(
    json,
    { ok, gateways },
    [...answers].flatMap(([pid, answer]) => linesOf(pid, answer)),
  );
  return ok ? EXIT.fine : EXIT.findings;
}

const isFine = (answer: ReloadAnswer): boolean =>
  answer.ok && Object.values(answer.products).every(({ problem }) => problem === undefined);

function linesOf(pid: number, answer: ReloadAnswer): string[] {
  const heading = `gateway ${pid}`;
  if (!answer.ok)
    return [
      `${heading}: ${answer.unheard ? 'it did not say what became of it' : 'nothing was changed'}`,
      ...answer.problems.map((one) => `  ${paint('red', '✗')} ${one}`),
    ];
  const { products, keys, needRestart } = answer;
  const rows = Object.entries(products).map(([name, { connection, problem }]) => [
    `  ${name}`,
    SAID[connection],
    problem === undefined ? '' : paint('red', problem),
  ]);
  return [
    heading,
    table(rows),
    ...(keys.length > 0 ? [`  token keys changed: ${keys.join(', ')}`] : []),
    ...(needRestart.length > 0
      ? [`  ${paint('yellow', 'changed, and read only at the start:')} ${needRestart.join(', ')}`]
      : []),
  ];
}

const SAID: Readonly<Record<Replacement['connection'], string>> = {
  unchanged: 'credential unchanged',
  replaced: 'credential replaced',
  kept: 'credential kept:',
};
