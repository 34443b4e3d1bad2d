import { spawn } from 'node:child_process';
import { existsSync, type FSWatcher, readdirSync, readFileSync, watch } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../errors/bulkhead-error.js';

const PROJECTS = ['tsconfig.build.json', 'tsconfig.json'];
/** Editors write a file in several steps, and tools several files. */
const SETTLE_MS = 60;
const SOURCE = /\.[cm]?tsx?$|(^|[/\\])tsconfig[^/\\]*\.json$/;
const EMITTED = /^TSFILE: (.*)$/;

/** The project's own TypeScript compiler. @throws StartError when it has none. */
function findCompiler(): string {
  try {
    const manifest = createRequire(resolve('package.json')).resolve('typescript/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { tsc: string } };
    return join(dirname(manifest), bin.tsc);
  } catch {
    throw new StartError([
      "bulkhead dev compiles with the project's own TypeScript: add `typescript` to its devDependencies.",
    ]);
  }
}

/**
 * Compiles when a source changes, and tells when there is something new to run. While there are mistakes it stays
 * silent, so that what runs goes on running.
 *
 * It compiles once per change and watches by itself: TypeScript 7.0's own watching overlooks new folders and files
 * beside tsconfig.json, which is where a new product begins.
 */
export class SourceWatch {
  readonly #onChange: () => void;
  readonly #args: readonly string[];
  readonly #watchers = new Map<string, FSWatcher>();
  #settling: NodeJS.Timeout | undefined;
  #compiling: Promise<void> | undefined;
  #isStale = false;
  /** Written since the last time it was told. */
  #isNew = false;
  #isEnded = false;

  /** @throws StartError when the project has no compiler or no tsconfig. */
  constructor(onChange: () => void) {
    const project = PROJECTS.find(existsSync);
    if (!project) {
      throw new StartError([
        'bulkhead dev compiles TypeScript, and there is no tsconfig.json here: add one, or use dev --no-watch.',
      ]);
    }
    this.#onChange = onChange;
    this.#args = [findCompiler(), '-p', project, '--listEmittedFiles'];
    this.#watch('.', false);
    this.#watchFolders();
    // What changed before anybody watched.
    this.#touch();
  }

  /** Ends it, and waits for a compilation that is under way. */
  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers.values()) watcher.close();
    await this.#compiling;
  }

  /** Every folder that may hold sources; never those of packages and output, which are large or change with each run. */
  #watchFolders(): void {
    for (const entry of readdirSync('.', { withFileTypes: true })) {
      const { name } = entry;
      const isOther = name.startsWith('.') || ['node_modules', 'dist', 'coverage'].includes(name);
      if (entry.isDirectory() && !isOther && !this.#watchers.has(name)) this.#watch(name, true);
    }
  }

  #watch(folder: string, recursive: boolean): void {
    const watcher = watch(folder, { recursive }, (_event, file) => {
      if (folder === '.' && !this.#isEnded) this.#watchFolders();
      if (file && SOURCE.test(file)) this.#touch();
    });
    // A folder that is deleted while it is watched ends its watching, and nothing else.
    watcher.on('error', () => this.#watchers.delete(folder));
    this.#watchers.set(folder, watcher);
  }

  #touch(): void {
    this.#isStale = true;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#compiling ??= this.#compileUntilFresh().finally(() => (this.#compiling = undefined));
    }, SETTLE_MS);
  }

  async #compileUntilFresh(): Promise<void> {
    while (this.#isStale && !this.#isEnded) {
      this.#isStale = false;
      const isGood = await this.#compile();
      if (!isGood || this.#isStale || !this.#isNew || this.#isEnded) continue;
      this.#isNew = false;
      this.#onChange();
    }
  }

  /** One run of the compiler: its mistakes are shown as they come. Answers whether there were none. */
  #compile(): Promise<boolean> {
    const pretty = process.stdout.isTTY ? ['--pretty'] : [];
    const compiler = spawn(process.execPath, [...this.#args, ...pretty], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    compiler.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    return new Promise((done) => {
      compiler.once('close', (code) => {
        const lines = text.split('\n');
        this.#isNew ||= lines.some((line) => EMITTED.exec(line)?.[1]?.trimEnd().endsWith('.js'));
        const said = lines.filter((line) => !EMITTED.test(line)).join('\n');
        if (said.trim()) process.stdout.write(`${said.trimEnd()}\n`);
        done(code === 0);
      });
    });
  }
}
