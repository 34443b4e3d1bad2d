import { productNames } from '../../config/names.js';
import type { NewFiles } from '../new-product/templates.js';
import type { OwnManifest } from './package-source.js';

/** The tools that a repository needs beside the package. */
const TOOLS = ['@types/node', 'typescript', 'vitest'] as const;

/** The manifest of a new repository. */
export function manifest(name: string, dependency: string, own: OwnManifest): string {
  const devDependencies = Object.fromEntries(TOOLS.map((tool) => [tool, own.devDependencies[tool]]));
  // `exec`, as npm hands its signals to the shell, and the shell to nobody.
  const built = (command: string) => `npm run --silent build && exec ${command}`;
  const content = {
    name,
    private: true,
    type: 'module',
    engines: own.engines,
    scripts: {
      start: built('bulkhead dev --no-watch'),
      dev: built('bulkhead dev'),
      build: 'tsc',
      test: built('vitest run'),
      codegen:
        'npm run --silent build && bulkhead schema print --out generated && exec bulkhead operations collect',
      check: built('bulkhead schema check'),
    },
    dependencies: { bulkhead: dependency },
    devDependencies,
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** Everything of a new repository but its manifest and its product. */
export const repositoryFiles = (name: string): NewFiles => ({
  'bulkhead.config.ts': CONFIG,
  'tsconfig.json': TSCONFIG,
  'vitest.config.ts': VITEST,
  'test/gateway.ts': HARNESS,
  Containerfile: CONTAINER,
  '.dockerignore': '.git\nnode_modules/\ndist/\ncoverage/\n.bulkhead/\n.env\n',
  '.gitignore': 'node_modules/\ndist/\ncoverage/\n.bulkhead/\n.env\n',
  '.env.example': environment(name),
  'README.md': readme(name),
});

const CONFIG = `import { defineGateway, defineProduct } from 'bulkhead';

/** Which products there are, and what each may use. */
export default defineGateway({
  products: {},
});
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2023",
    "lib": ["es2023"],
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "noImplicitOverride": true,
    "exactOptionalPropertyTypes": true,
    "noFallthroughCasesInSwitch": true,
    "experimentalDecorators": true,
    "emitDecoratorMetadata": true,
    "useDefineForClassFields": false,
    "verbatimModuleSyntax": true,
    "isolatedModules": true,
    "skipLibCheck": true,
    "sourceMap": true,
    "rootDir": ".",
    "outDir": "dist"
  },
  "include": ["schema", "resolvers", "test", "bulkhead.config.ts"]
}
`;

const VITEST = `import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{schema,resolvers,test}/**/*.test.ts'],
    // Each file starts a gateway and a MongoDB of its own.
    fileParallelism: false,
    testTimeout: 30_000,
    // The first start may download MongoDB.
    hookTimeout: 300_000,
  },
});
`;

const HARNESS = `import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** What configures the gateway that somebody works with; tests have nothing to do with its databases and keys. */
const OTHERS = /^(PORT|HOST|NODE_ENV)(_FILE)?$|_URI(_FILE)?$|_JW(T|KS)_|^BULKHEAD_(?!MONGOD$)/;

/** An answer over real HTTP. */
export interface Answer {
  readonly status: number;
  // Tests reach deep into answers whose shape they know.
  readonly body: any;
}

/** The compiled gateway as \`npm start\` serves it, on a real MongoDB of its own that is thrown away afterwards. */
export class TestGateway {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly address: string,
    /** An operator's token, who may do everything. */
    readonly token: string,
  ) {}

  static async start(): Promise<TestGateway> {
    const manifest = createRequire(import.meta.url).resolve('bulkhead/package.json');
    const program = join(dirname(manifest), 'dist/src/cli/main.js');
    // A folder without .env.
    const folder = mkdtempSync(join(tmpdir(), 'gateway-test-'));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OTHERS.test(name)));
    const child = spawn(
      process.execPath,
      [program, 'dev', '--no-watch', '--json', '--config', resolve('dist/bulkhead.config.js')],
      {
        cwd: folder,
        env: { ...env, PORT: '0', BULKHEAD_LOG_LEVEL: 'warn' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    // A run that ends early leaves nothing behind.
    process.once('exit', () => child.kill('SIGTERM'));
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      const { address, token } = line.startsWith('{"address"') ? JSON.parse(line) : {};
      if (address === undefined) {
        said.push(line);
        continue;
      }
      child.stdout.resume();
      const gateway = new TestGateway(child, folder, address, token);
      await gateway.ready();
      return gateway;
    }
    rmSync(folder, { recursive: true, force: true });
    throw new Error(\`The gateway did not start:\\n\${said.join('\\n')}\`);
  }

  /** Asks a product's own endpoint. */
  async ask(
    product: string,
    query: string,
    { token, variables }: { readonly token?: string; readonly variables?: Record<string, unknown> } = {},
  ): Promise<Answer> {
    const response = await fetch(\`\${this.address}/graphql/\${product}\`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: \`Bearer \${token}\` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** Ends it, its MongoDB included. */
  async close(): Promise<void> {
    if (this.child.exitCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async ready(): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      if ((await fetch(\`\${this.address}/health/ready\`)).ok) return;
      await new Promise((wait) => setTimeout(wait, 100));
    }
    await this.close();
    throw new Error('The gateway was not ready within 30 seconds.');
  }
}
`;

const CONTAINER = `FROM docker.io/library/node:20-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts
RUN npm run build
RUN npm prune --omit=dev --ignore-scripts

FROM docker.io/library/node:20-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=2s --start-period=15s CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# It says for 5 s that it ends, and finishes for up to 20: give it 30 s to stop.
STOPSIGNAL SIGTERM
# The worker is the same image with "work" in the place of "start", and the ops credentials in the place of the serving ones.
CMD ["node", "--enable-source-maps", "node_modules/bulkhead/dist/src/cli/main.js", "start"]
`;

function environment(name: string): string {
  const { envPrefix } = productNames(name);
  return `# Development needs none of this. In production, set it where the gateway runs, and not in a file of the repository.
# Every variable may be given as NAME_FILE, the path of a file that holds the value.
# A good secret: node -p "crypto.randomBytes(32).toString('base64url')"

# NODE_ENV=production
# HOST=127.0.0.1
# PORT=4000
# BULKHEAD_JWT_SECRET=

# ${envPrefix}_MONGODB_URI=
# ${envPrefix}_JWT_SECRET=

# For commands only, never for the gateway:
# ${envPrefix}_OPS_MONGODB_URI=
# BULKHEAD_ADMIN_URI=
`;
}

const readme = (name: string): string => `# ${name}

A [Bulkhead](node_modules/bulkhead/README.md) gateway: GraphQL over MongoDB, one watertight database per product.

\`\`\`
npm install
npm start          # the gateway on an embedded, real MongoDB; needs nothing else
npm test           # builds, and asks the gateway over HTTP on a MongoDB of its own
\`\`\`

| | |
| --- | --- |
| \`bulkhead.config.ts\` | which products there are, and what each may use |
| \`schema/<product>/\` | classes: at once GraphQL types, Mongoose models and TypeScript types |
| \`resolvers/<product>/\` | what the product answers, and its tests |
| \`test/gateway.ts\` | starts the gateway for tests |
| \`generated/\` | the schemas as text: commit them |
| \`Containerfile\` | the gateway in production, and the worker; its variables are those of \`.env.example\` |
| \`deploy/\` | samples to run both with: systemd, Kubernetes, a proxy ([how](node_modules/bulkhead/docs/production.md)) |

| | |
| --- | --- |
| \`npm run dev\` | compiles and restarts when a source changes |
| \`npm run codegen\` | writes \`generated/\`: the SDL, and the manifests of clients' documents (\`*.<product>.graphql\`) |
| \`npm run check\` | what changed since then, and which clients would break |
| \`npx bulkhead product new NAME\` | another product |
| \`npx bulkhead --help\` | everything else |

\`@typegoose/typegoose\`, \`type-graphql\`, \`class-validator\` and \`graphql\` come with \`bulkhead\`. Do not add them: there must be one of
each, and \`npx bulkhead doctor\` says so where there are two.

## Upgrade

\`\`\`
npm install bulkhead@<version>        # or vendor/bulkhead-<version>.tgz
npm test && npm run check
npx bulkhead provision                # where the changelog says so, before the new gateway starts
\`\`\`
`;
