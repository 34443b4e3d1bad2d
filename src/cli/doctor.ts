import { productNames } from '../config/names.js';
import { developmentServerFrom, withDevelopmentUris } from '../development/product-uris.js';
import { attack } from '../doctor/attack.js';
import { type Check, type CheckState, Findings } from '../doctor/check.js';
import { examine, type Patient } from '../doctor/examine.js';
import { checkOwnVersions } from '../doctor/versions.js';
import { StartError } from '../errors/bulkhead-error.js';
import { loadProject, type Project } from '../server/load-project.js';
import { type CommonOptions, EXIT, paint, print } from './output.js';

/** Options of `bulkhead doctor`. */
export interface DoctorOptions extends CommonOptions {
  /** Also tries each credential on the other products' databases. */
  readonly attack: boolean;
}

/**
 * Examines the gateway and its products, and says what to do about what it finds.
 *
 * @returns the exit code: 1 for findings, 3 where a database could not be asked.
 */
export async function doctor(product: string | undefined, options: DoctorOptions): Promise<number> {
  const general = new Findings();
  const checks: Check[] = [];
  const project = await load(general, options);
  if (project) {
    const environment = withDevelopmentUris(project.environment);
    checkOwnVersions(general, environment.production, process.cwd());
    if (product !== undefined && !project.runtimes.has(product))
      throw new StartError([
        `${product}: no such product; there are ${[...project.runtimes.keys()].join(', ')}.`,
      ]);
    const patients: Patient[] = [...project.runtimes.values()].map(({ name, product: declared, classes }) => {
      const { uri, opsUri } = environment.products[name] ?? {};
      const { envPrefix } = productNames(name);
      const own = project.environment.products[name];
      const serverFrom =
        own?.uri || own?.opsUri || environment.production
          ? `${envPrefix}_MONGODB_URI`
          : developmentServerFrom(environment);
      return { name, product: declared, classes, uri, opsUri, serverFrom };
    });
    for (const patient of patients.filter(({ name }) => product === undefined || name === product)) {
      checks.push(...(await examine(patient, environment)));
      if (options.attack) {
        const victims = patients.filter((one) => one !== patient);
        checks.push(...(await attack(patient, victims)));
      }
    }
  }
  const all = [...general.list, ...checks];
  const states = new Set(all.map(({ state }) => state));
  const ok = !states.has('finding') && !states.has('unreachable');
  print(options.json, { ok, checks: all }, linesOf(all));
  return states.has('unreachable') ? EXIT.unavailable : ok ? EXIT.fine : EXIT.findings;
}

/** Mistakes of configuration and contract are findings here: to find them is what the command is for. */
async function load(findings: Findings, { config }: DoctorOptions): Promise<Project | undefined> {
  try {
    const project = await loadProject({ ...(config !== undefined && { config }) });
    findings.settle('configuration', 'every variable is understood');
    findings.settle('contract', 'classes, graphs and resolvers agree');
    return project;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    for (const problem of error.problems) findings.add('configuration', 'finding', problem);
    return undefined;
  }
}

const SIGNS: Readonly<Record<CheckState, () => string>> = {
  ok: () => paint('green', '✓'),
  note: () => paint('yellow', '!'),
  finding: () => paint('red', '✗'),
  unreachable: () => paint('red', '✗'),
};

function linesOf(checks: readonly Check[]): string[] {
  const owners = new Set(checks.map(({ product }) => product));
  return [...owners].flatMap((owner) => [
    paint('bold', owner ?? 'the gateway'),
    ...checks
      .filter(({ product }) => product === owner)
      .flatMap(({ check, state, message, remedy }) => [
        `  ${SIGNS[state]()} ${check.padEnd('configuration'.length)}  ${state === 'note' ? paint('red', message) : message}`,
        ...(remedy ? [paint('dim', `    → ${remedy}`)] : []),
      ]),
  ]);
}
