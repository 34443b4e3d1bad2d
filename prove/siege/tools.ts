import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Fortress } from './fortress.js';

/** Each in a virtual environment of its own: side by side, pip settles for an old schemathesis. */
const TOOLS = {
  schemathesis: 'schemathesis==4.32.5',
  graphqler: 'graphqler==2.1.9',
} as const;
const FOLDER = resolve('.cache/siege');

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

const run = (program: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: FOLDER, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });

async function install(tool: keyof typeof TOOLS): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const python = join(FOLDER, tool, 'bin', 'python');
  if (!existsSync(join(FOLDER, tool, 'installed'))) {
    for (const [program, ...args] of [
      ['python3', '-m', 'venv', join(FOLDER, tool)],
      [python, '-m', 'pip', 'install', '--quiet', TOOLS[tool]],
      ['touch', join(FOLDER, tool, 'installed')],
    ] as const) {
      const { code, output } = await run(program, args);
      if (code !== 0) throw new Error(`${tool} cannot be installed: ${output}`);
    }
  }
  return python;
}

/** What a tool's requests came to, by the gateway's own log. */
export interface ToolFound {
  readonly requests: number;
  readonly serverErrors: number;
}

async function counted(fortress: Fortress, work: () => Promise<void>): Promise<ToolFound> {
  const count = (from = 0) =>
    [...fortress.statuses].reduce((sum, [status, n]) => sum + (status >= from ? n : 0), 0);
  const [before, failed] = [count(), count(500)];
  await work();
  return { requests: count() - before, serverErrors: count(500) - failed };
}

/** Property-based tests that schemathesis makes from the schema of each endpoint, without a token and with one. */
export const siegeBySchemathesis = (fortress: Fortress, examples: number, seed: number): Promise<ToolFound> =>
  counted(fortress, async () => {
    await install('schemathesis');
    for (const path of ['/graphql/blog', '/graphql/aviation', '/graphql'])
      for (const headers of [[], ['-H', `Authorization: Bearer ${fortress.token}`]]) {
        const { output } = await run(join(FOLDER, 'schemathesis', 'bin', 'schemathesis'), [
          'run',
          `${fortress.address}${path}`,
          '--max-examples',
          String(examples),
          '--seed',
          String(seed),
          '-w',
          '2',
          '--phases',
          'fuzzing',
          '--checks',
          'not_a_server_error',
          '--no-color',
          ...headers,
        ]);
        process.stdout.write(
          `  schemathesis ${path}${headers.length ? ', with a token' : ''}: ${output.trim().split('\n').at(-1)!}\n`,
        );
      }
  });

/** Chains of requests that graphqler makes from the schema of each endpoint. */
export const siegeByGraphqler = (fortress: Fortress): Promise<ToolFound> =>
  counted(fortress, async () => {
    const python = await install('graphqler');
    for (const [n, path] of ['/graphql/blog', '/graphql/aviation', '/graphql'].entries()) {
      const { code } = await run(python, [
        '-m',
        'graphqler',
        '--url',
        `${fortress.address}${path}`,
        '--path',
        join(FOLDER, `graphqler-out-${n}`),
        '--mode',
        'run',
        '--auth',
        `Bearer ${fortress.token}`,
      ]);
      process.stdout.write(`  graphqler ${path}: ended with ${code}\n`);
    }
  });
