import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MissingTool } from '../support/missing-tool.js';

const VERSION = 'v2.5.0';
const PACKAGE = `github.com/Shopify/toxiproxy/v2/cmd/server@${VERSION}`;
const FOLDER = resolve('.cache/toxics', VERSION);
const LONGEST_BUILD_MS = 600_000;

/** Builds toxiproxy once, into the project's cache. @returns its path. @throws MissingTool without Go, or when it cannot be built. */
export async function installToxiproxy(): Promise<string> {
  const binary = join(FOLDER, 'server');
  if (existsSync(binary)) return binary;
  mkdirSync(FOLDER, { recursive: true });
  process.stdout.write(`building toxiproxy ${VERSION} once, into ${FOLDER}\n`);
  try {
    await promisify(execFile)('go', ['install', PACKAGE], {
      env: { ...process.env, GOBIN: FOLDER },
      timeout: LONGEST_BUILD_MS,
    });
  } catch (error) {
    rmSync(FOLDER, { recursive: true, force: true });
    const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
    throw new MissingTool(
      code === 'ENOENT'
        ? 'toxiproxy is built with Go, and there is no `go` in PATH. Install Go (https://go.dev/dl) and run the proof again.'
        : `toxiproxy ${VERSION} cannot be built: \`go install ${PACKAGE}\` said: ${stderr.trim() || String(error)}`,
    );
  }
  return binary;
}
