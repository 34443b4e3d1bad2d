import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hashOf } from '../graph/operation-hash.js';

const manifests = z.record(z.string().regex(/^sha256:[0-9a-f]{64}$/), z.string().min(1));

/** The operations of a manifest by their hash; what is wrong with the file goes to `problems`. */
export function readManifest(path: string, problems: string[]): Map<string, string> {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    problems.push(`${path}: expected JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  const { success, data } = manifests.safeParse(read);
  if (!success) {
    if (read !== undefined) problems.push(`${path}: expected texts of operations under "sha256:<hash>".`);
    return new Map();
  }
  const operations = new Map<string, string>();
  for (const [key, text] of Object.entries(data)) {
    const hash = key.slice('sha256:'.length);
    if (hash !== hashOf(text)) problems.push(`${path}: ${key} is not the hash of its text.`);
    operations.set(hash, text);
  }
  return operations;
}
