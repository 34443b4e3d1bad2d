import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { productNames } from '../../config/names.js';
import type { NewFiles } from '../new-product/templates.js';
import { PACKAGE } from './package-source.js';

/** All of `deploy/` but the Containerfile, which builds another tree. */
const SAMPLES = ['bulkhead.service', 'bulkhead-worker.service', 'kubernetes.yaml', 'Caddyfile'];

/** A file of a product's secret. */
const SECRET = /\b(?!BULKHEAD_)([A-Z]+)_(?:(?:OPS_)?MONGODB_URI|JWT_SECRET)_FILE\b/;

const sampledIn = (text: string): string | undefined => SECRET.exec(text)?.[1];

/** This package's own samples, with one product, and with the paths of a repository that has the package installed. */
export function deploySamples(name: string): NewFiles {
  const adapt = (text: string): string => {
    const kept = sampledIn(text);
    const lines = text.split('\n').flatMap((line) => {
      const sampled = sampledIn(line);
      if (sampled === undefined) return [line.replaceAll(/\b(dist|docs)\//g, 'node_modules/bulkhead/$1/')];
      if (sampled !== kept) return [];
      const { envPrefix } = productNames(name);
      return [
        line.replace(`${sampled}_`, `${envPrefix}_`).replace(`/${sampled.toLowerCase()}-`, `/${name}-`),
      ];
    });
    return lines.join('\n');
  };
  return Object.fromEntries(
    SAMPLES.map((file) => [`deploy/${file}`, adapt(readFileSync(join(PACKAGE, 'deploy', file), 'utf8'))]),
  );
}
