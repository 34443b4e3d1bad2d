import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import { diffSdl, printSdl } from '../graph/sdl.js';
import { buildRuntimes } from '../server/build-runtimes.js';
import { composedTarget } from '../server/graph-target.js';
import { loadGateway } from '../server/load-project.js';
import { type CommonOptions, EXIT, paint, print } from './output.js';

/** The composed graph stands beside the products under this name. */
const COMPOSED = 'graph';

/** The schemas asked for: one product's, or every product's and the composed one. @throws StartError */
async function schemasOf(
  product: string | undefined,
  config?: string,
): Promise<ReadonlyMap<string, GraphQLSchema>> {
  const runtimes = buildRuntimes(await loadGateway(config), product ? [product] : []);
  const own = [...runtimes].map(([name, { graph }]) => [name, graph.schema] as const);
  return new Map(product ? own : [...own, [COMPOSED, composedTarget(runtimes).schema]]);
}

/** Prints the SDL of one product, or of the composed graph; with `out`, writes a file for each. */
export async function printSchemas(
  product: string | undefined,
  { config, json, out }: CommonOptions & { readonly out?: string },
): Promise<void> {
  const schemas = await schemasOf(product, config);
  if (out === undefined) {
    const sdl = printSdl(schemas.get(product ?? COMPOSED)!);
    print(json, { ok: true, graph: product ?? COMPOSED, sdl }, [sdl.trimEnd()]);
    return;
  }
  mkdirSync(out, { recursive: true });
  const files = [...schemas].map(([name, schema]) => {
    const path = join(out, `${name}.graphql`);
    writeFileSync(path, printSdl(schema));
    return path;
  });
  print(json, { ok: true, files }, files);
}

/** Compares the written SDL with the schemas that are built now. @returns the exit code: 1 where they differ. */
export async function checkSchemas(
  product: string | undefined,
  { config, json, dir }: CommonOptions & { readonly dir: string },
): Promise<number> {
  const schemas = await schemasOf(product, config);
  const checked = [...schemas].map(([graph, schema]) => {
    const path = join(dir, `${graph}.graphql`);
    return { graph, path, differences: compare(path, schema) };
  });
  const ok = checked.every(({ differences }) => differences.length === 0);
  print(json, { ok, schemas: checked }, [
    ...checked.flatMap(({ path, differences }) =>
      differences.length === 0
        ? [`${paint('green', '✓')} ${path}`]
        : [`${paint('red', '✗')} ${path}`, ...differences.map((one) => `    ${one}`)],
    ),
    ...(ok ? [] : [`Write them anew: bulkhead schema print --out ${dir}`]),
  ]);
  return ok ? EXIT.fine : EXIT.findings;
}

function compare(path: string, schema: GraphQLSchema): readonly string[] {
  if (!existsSync(path)) return ['the file is missing'];
  try {
    return diffSdl(readFileSync(path, 'utf8'), schema);
  } catch (error) {
    if (error instanceof GraphQLError) return [`the file is no schema: ${error.message}`];
    throw error;
  }
}
