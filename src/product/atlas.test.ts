import { expect, test } from 'vitest';
import { atlasScript, isAtlas } from './atlas.js';
import { OPS_GRANTS, serveGrants } from './grants.js';

test.each([
  ['mongodb+srv://u:p@one.ab1cd.mongodb.net/shop', true],
  ['mongodb+srv://u:p@one.ab1cd.mongodb.net', true],
  ['mongodb+srv://one.ab1cd.mongodb.net?retryWrites=true', true],
  [
    'mongodb://u:p@one-shard-00-00.ab1cd.mongodb.net:27017,one-shard-00-01.ab1cd.mongodb.net:27017/shop',
    true,
  ],
  ['mongodb://u:p@127.0.0.1:27017/shop', false],
  ['mongodb://u:a.mongodb.net@127.0.0.1/shop', false],
  ['mongodb://u:p@mongodb.net.example.org/shop', false],
  ['mongodb://u:p@db.example.org/x.mongodb.net', false],
])('%s: %s', (uri, expected) => {
  expect(isAtlas(uri)).toBe(expected);
});

test('the commands make or update two roles of exactly the grants, and two users', () => {
  const users = { serve: { user: 'shop-serve' }, ops: { user: 'shop-ops' } };
  const lines = atlasScript({ database: 'shop', classes: [], ...users }).split('\n');
  const granted = lines.slice(0, 2).map((line) => {
    const [, created, list, updated, again] =
      /^atlas customDbRoles create (\S+) --privilege '(\S+)' \|\| atlas customDbRoles update (\S+) --privilege '(\S+)' --append$/.exec(
        line,
      )!;
    expect([updated, again]).toEqual([created, list]);
    return [created, list!.split(',')] as const;
  });
  expect(granted.map(([name]) => name)).toEqual(['bulkhead-shop-serve', 'bulkhead-shop-ops']);
  const [serve, ops] = granted.map(([, list]) => list);
  expect(serve).toEqual([
    ...['FIND', 'INSERT', 'UPDATE', 'REMOVE', 'LIST_INDEXES'].map((one) => `${one}@shop._bulkhead.stats`),
    'FIND@shop._bulkhead.operations',
    'FIND@shop._bulkhead.control',
  ]);
  expect(Object.keys(serveGrants([]))).toHaveLength(3);
  expect(ops).toContain('RENAME_COLLECTION_SAME_DB@shop');
  expect(ops).toContain('FIND@shop.system.profile');
  // All but the one that Atlas has not.
  expect(ops).toHaveLength(Object.values(OPS_GRANTS).flat().length - 1);
  expect(ops!.filter((one) => /INDEX_STATS/.test(one))).toEqual([]);
  expect(lines.slice(2)).toEqual([
    'atlas dbusers create --username shop-serve --role bulkhead-shop-serve@admin',
    'atlas dbusers create --username shop-ops --role bulkhead-shop-ops@admin',
  ]);
});

test('to revoke, the list takes the place of what the roles may', () => {
  const users = { serve: { user: 'shop-serve' }, ops: { user: 'shop-ops' } };
  const script = atlasScript({ database: 'shop', classes: [], ...users, revoke: true });
  expect(script).toContain('customDbRoles update');
  expect(script).not.toContain('--append');
});
