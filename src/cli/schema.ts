import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { makeFolder } from '../config/make-folder.js';
import { printSdl } from '../graph/sdl.js';
import { buildRuntimes } from '../server/runtime/build-runtimes.js';
import { composedTarget } from '../server/graph-target.js';
import { loadGateway } from '../server/load-project.js';
import { type CommonOptions, print } from './output.js';

/** The composed graph stands beside the products under this name. */
export const COMPOSED = 'graph';

/** The schemas asked for: one product's, or every product's and the composed one. @throws StartError */
export async function schemasOf(
  product: string | undefined,
  config?: string,
): Promise<ReadonlyMap<string, GraphQLSchema>> {
  const runtimes = buildRuntimes(await loadGateway(config), product ? [product] : []);
  const own = [...runtimes].map(([name, { graph }]) => [name, graph.schema] as const);
  return new Map(product ? own : [...own, [COMPOSED, composedTarget(runtimes).schema]]);
}

/** Prints the SDL of one product, or of the composed graph; with `out`, writes a file for each. @throws StartError */
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
  makeFolder(out, { namedBy: '--out' });
  const files = [...schemas].map(([name, schema]) => {
    const path = join(out, `${name}.graphql`);
    writeFileSync(path, printSdl(schema));
    return path;
  });
  print(json, { ok: true, files }, files);
}
