import { describe, expect, it } from 'vitest';
import { parse } from './parse.js';
import {
  arrows,
  FLOORS,
  MAX_LINES,
  metadataInOneFile,
  noDeepGraphql,
  noProductByName,
  noSharedConnections,
  productFolders,
  type Rule,
  shortFiles,
} from './rules.js';
import { readSources } from './sources.js';

const files = readSources('src', 'schema', 'resolvers', 'sample', 'test').map(parse);

/** Each rule, and files that break it: a rule that finds nothing in them would hold nothing. */
const rules: Record<string, { rule: Rule; broken: Record<string, string> }> = {
  'arrows go one way': {
    rule: arrows,
    broken: {
      'src/database/a.ts': `import { x } from '../graph/x.js';`,
      'src/config/b.ts': `import type { X } from '../product/x.js';`,
      'src/product/c.ts': `export { x } from '../auth/x.js';`,
      'src/graph/d.ts': `export * from '../ledger/x.js';`,
      'src/compartment/e.ts': `await import('../server/x.js');`,
      'src/backup/f.ts': `type X = import('../jobs/x.js').X;`,
      'src/errors/g.ts': `import { x } from '../config/x.js';`,
      'src/ledger/h.ts': `import { x } from '../index.js';`,
      'src/cli/i.ts': `import { x } from 'bulkhead';`,
      'src/database/embedded/j.ts': `import { type X } from '../../graph/x.js';`,
      'src/cellar/k.ts': `export {};`,
      'src/stray.ts': `export {};`,
    },
  },
  "product folders import from 'bulkhead' only, and from no other product": {
    rule: productFolders,
    broken: {
      'schema/one/a.ts': `import { x } from '../../src/graph/x.js';`,
      'resolvers/one/b.ts': `import { x } from 'bulkhead/dist/src/graph/x.js';`,
      'sample/one/c.ts': `const x = await import('../../src/index.js');`,
      'resolvers/one/d.ts': `import type { X } from '../../schema/two/x.js';`,
    },
  },
  'the engine knows no product by name': {
    rule: noProductByName,
    broken: {
      'src/graph/a.ts': `import { x } from '../../schema/one/x.js';`,
      'src/server/b.ts': `await import('../../resolvers/one/x.js');`,
      'src/jobs/c.ts': `import type { x } from '../../sample/one/x.js';`,
      'src/cli/d.ts': `const blogPosts = 1;`,
      'src/cli/e.ts': `const product = 'aviation';`,
      'src/cli/f.ts': 'const text = `the blog of ${1}`;',
    },
  },
  'metadata of TypeGraphQL is touched in one file': {
    rule: metadataInOneFile,
    broken: {
      'src/graph/a.ts': `import { getMetadataStorage } from 'type-graphql';`,
      'src/server/b.ts': `import { buildSchema as build } from 'type-graphql';`,
      'resolvers/one/c.ts': `import { buildSchemaSync } from 'type-graphql';`,
      'src/graph/d.ts': `import * as all from 'type-graphql';`,
    },
  },
  'models belong to a connection': {
    rule: noSharedConnections,
    broken: {
      'src/database/a.ts': `import { getModelForClass } from '@typegoose/typegoose';`,
      'schema/one/b.ts': `import { getClass as of } from '@typegoose/typegoose';`,
      'src/database/c.ts': `import mongoose from 'mongoose'; await mongoose.connect('');`,
      'src/database/d.ts': `import { connect } from 'mongoose';`,
      'src/database/e.ts': `const other = connection.useDb('other');`,
      'src/database/f.ts': `const other = products.get('one')['useDb']('other');`,
      'src/database/g.ts': `import * as t from '@typegoose/typegoose'; t.getModelForClass(Post);`,
    },
  },
  'graphql is imported whole': {
    rule: noDeepGraphql,
    broken: {
      'src/graph/a.ts': `import { GraphQLError } from 'graphql/error/index.js';`,
      'schema/one/b.ts': `type X = import('graphql/language/ast.js').DocumentNode;`,
    },
  },
  [`no file of the engine has more than ${MAX_LINES} lines`]: {
    rule: shortFiles,
    broken: { 'src/graph/a.ts': '\n'.repeat(MAX_LINES + 1) },
  },
};

describe.each(Object.entries(rules))('%s', (_, { rule, broken }) => {
  it('holds', () => expect(files.flatMap(rule)).toEqual([]));

  it.each(Object.entries(broken))('would notice %s', (path, text) => {
    expect(rule(parse({ path, text }))).toEqual([expect.stringContaining(path)]);
  });
});

describe('what the rules allow', () => {
  it.each([
    ['src/server/a.ts', `import { x } from '../ledger/x.js'; import { y } from '../cli/y.js';`],
    [
      'src/auth/b.ts',
      `import { x } from '../compartment/x.js'; import { readFile } from 'node:fs/promises';`,
    ],
    ['src/index.ts', `export { x } from './server/x.js';`],
    ['src/graph/c.ts', `/** In blog, a post. */ export const product = 'shop'; // aviation`],
    ['src/graph/d.test.ts', `import { blogSchema } from '../../schema/blog/index.js';`],
    ['schema/one/e.ts', `import { Entity } from 'bulkhead'; import { buildSchema } from 'graphql';`],
    ['resolvers/one/f.ts', `import { Post } from '../../schema/one/post.js'; import { x } from '../x.js';`],
    ['src/database/g.ts', `import mongoose from 'mongoose'; mongoose.createConnection('');`],
  ])('%s', (path, text) => {
    const parsed = parse({ path, text });
    expect(Object.values(rules).flatMap(({ rule }) => rule(parsed))).toEqual([]);
  });

  it('reads the files it judges', () => {
    const rooms = new Set(files.map(({ path }) => path.split('/')[1]));
    expect(FLOORS.flat().filter((room) => rooms.has(room))).toEqual(
      expect.arrayContaining(['errors', 'database', 'graph']),
    );
    expect(files.some(({ imports }) => imports.some(({ file }) => file === 'src/errors/catalogue.ts'))).toBe(
      true,
    );
  });
});
