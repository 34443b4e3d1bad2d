import { expect, test } from 'vitest';
import { provisionScript } from './provision.js';

const scriptTo = (revoke: boolean): string =>
  provisionScript({
    database: 'shop',
    classes: [],
    serve: { user: 'shop-serve' },
    ops: { user: 'shop-ops' },
    revoke,
  });

/** Runs the script as `mongosh` would, on a database that has users and roles already or has not. */
function run(hasThem: boolean, revoke = false): unknown[] {
  const calls: unknown[] = [];
  const note = (name: string) => (first: { role?: string; user?: string } | string) =>
    calls.push([name, typeof first === 'string' ? first : (first.role ?? first.user)]);
  const db = {
    getRole: () => (hasThem ? {} : null),
    getUser: () => (hasThem ? {} : null),
    createRole: note('createRole'),
    updateRole: note('updateRole'),
    grantPrivilegesToRole: note('grantPrivilegesToRole'),
    createUser: note('createUser'),
  };
  const [first, ...lines] = scriptTo(revoke).split('\n');
  expect(first).toBe('use shop');
  // The commands are text for another program.
  // oxlint-disable-next-line typescript/no-implied-eval
  new Function('db', 'passwordPrompt', lines.join('\n'))(db, () => '');
  return calls;
}

test('the script makes users and roles', () => {
  expect(run(false)).toEqual([
    ['createRole', 'bulkhead.serve'],
    ['createRole', 'bulkhead.ops'],
    ['createUser', 'shop-serve'],
    ['createUser', 'shop-ops'],
  ]);
});

test('run again it only adds to the roles, and leaves the users', () => {
  expect(run(true)).toEqual([
    ['grantPrivilegesToRole', 'bulkhead.serve'],
    ['grantPrivilegesToRole', 'bulkhead.ops'],
  ]);
});

test('to revoke, it brings the roles to what the classes need', () => {
  expect(run(true, true)).toEqual([
    ['updateRole', 'bulkhead.serve'],
    ['updateRole', 'bulkhead.ops'],
  ]);
});
