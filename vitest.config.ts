import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      // One copy of graphql: vite would load its ES module build beside the CommonJS one that every dependency loads.
      { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') },
      // Product folders import the package by its own name; tests run them against the sources.
      { find: /^bulkhead$/, replacement: here('src/index.ts') },
    ],
  },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    include: ['{src,schema,resolvers,sample,test,examples}/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // For what never ends, on machines many times slower than a developer's: a step that works is not waited for.
    testTimeout: 120_000,
    hookTimeout: 240_000,
    pool: 'forks',
    // Tests wait for databases more than they compute: one worker per core, the runner's own included.
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/**', 'resolvers/**', 'schema/**'],
      exclude: ['**/*.test.ts', 'src/cli/**'],
      reporter: ['text-summary', 'json-summary'],
    },
  },
});
