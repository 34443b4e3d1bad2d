import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { planCredentials } from '../../src/cli/provision-product.js';
import { retireUsers, rotateUsers } from '../../src/cli/rotate-users.js';
import type { Environment } from '../../src/config/environment.js';
import { uriFor } from '../../src/product/credential-uris.js';
import { OPS_ROLE, provision, SERVE_ROLE } from '../../src/product/provision.js';
import { buildRuntimes } from '../../src/server/runtime/build-runtimes.js';

const blog = buildRuntimes(config, ['blog']).get('blog')!;
const database = `t${randomBytes(4).toString('hex')}_rotate`;
const adminUri = inject('mongodAdminUri');
const password = randomBytes(16).toString('hex');
const clients: mongo.MongoClient[] = [];
let admin: mongo.MongoClient;
let db: mongo.Db;

const connect = async (uri: string): Promise<mongo.MongoClient> => {
  const client = await new mongo.MongoClient(uri).connect();
  clients.push(client);
  return client;
};
const uriOf = (user: string): string => uriFor(adminUri, database, { user, password });
const planOf = (serve: string, ops: string) =>
  planCredentials(blog, {
    products: { blog: { uri: uriOf(serve), opsUri: uriOf(ops) } },
  } as unknown as Environment);
const before = planOf('blog-serve', 'blog-ops');
const after = planOf('blog-serve-2', 'blog-ops-2');
const create = (user: string, ...roles: string[]) =>
  db.command({ createUser: user, pwd: password, roles: roles.map((role) => ({ role, db: database })) });
/** Every user with its roles. */
async function users(): Promise<Record<string, string[]>> {
  const { users: all } = await db.command({ usersInfo: 1 });
  return Object.fromEntries(
    (all as { user: string; roles: { role: string }[] }[]).map(({ user, roles }) => [
      user,
      roles.map(({ role }) => role).sort(),
    ]),
  );
}
const FIRST = { 'blog-serve': [SERVE_ROLE], 'blog-ops': [OPS_ROLE] };
const SECOND = { 'blog-serve-2': [SERVE_ROLE], 'blog-ops-2': [OPS_ROLE] };

beforeAll(async () => {
  admin = await connect(adminUri);
  db = admin.db(database);
});
beforeEach(() =>
  provision(admin, {
    database,
    classes: blog.classes,
    serve: { user: 'blog-serve', password },
    ops: { user: 'blog-ops', password },
  }),
);
afterEach(async () => {
  for (const client of clients.splice(1)) await client.close();
  await db.command({ dropAllUsersFromDatabase: 1 });
});
afterAll(async () => {
  await db.command({ dropAllRolesFromDatabase: 1 });
  await db.dropDatabase();
  await admin.close();
});

describe('--retire', () => {
  test('removes the first users when the connection strings name the second, and nobody else', async () => {
    await create('ada', OPS_ROLE, 'read');
    await create('grace', OPS_ROLE);
    expect((await rotateUsers(admin, before)).problems).toEqual([]);
    const { users: told, problems } = await retireUsers(admin, after);
    expect([told, problems]).toEqual([
      ['blog-serve', 'blog-ops'].map((user) => ({ user, what: 'removed' })),
      [],
    ]);
    expect(await users()).toEqual({ ...SECOND, ada: [OPS_ROLE, 'read'], grace: [OPS_ROLE] });
    // And back again.
    expect((await rotateUsers(admin, after)).problems).toEqual([]);
    expect((await retireUsers(admin, before)).problems).toEqual([]);
    expect(await users()).toEqual({ ...FIRST, ada: [OPS_ROLE, 'read'], grace: [OPS_ROLE] });
  });

  test('with the old connection strings refuses: the second users were made just now', async () => {
    await rotateUsers(admin, before);
    expect(await retireUsers(admin, before)).toMatchObject({
      users: [],
      problems: [
        expect.stringMatching(/^blog-serve-2 was made after blog-serve, which BLOG_MONGODB_URI names/),
        expect.stringMatching(/^blog-ops-2 was made after blog-ops/),
      ],
    });
    expect(await users()).toEqual({ ...FIRST, ...SECOND });
  });

  test('refuses where it cannot see who is connected, and names what it lacks', async () => {
    await rotateUsers(admin, before);
    await create('keeper', 'userAdmin');
    const blind = await connect(uriOf('keeper'));
    expect(await retireUsers(blind, after)).toMatchObject({
      users: [],
      problems: ['blog-serve', 'blog-ops'].map((user) =>
        expect.stringMatching(new RegExp(`^${user} is left: .*clusterMonitor.*inprog`)),
      ),
    });
    expect(await users()).toEqual({ ...FIRST, ...SECOND, keeper: ['userAdmin'] });
  });
});

describe('--rotate', () => {
  test.each([
    ['another role', ['read']],
    ['a role beside it', [SERVE_ROLE, 'read']],
    ['the same role, made by somebody else', [SERVE_ROLE]],
  ])('leaves a user alone that has %s', async (_what, roles) => {
    await create('blog-serve-2', ...roles);
    const { problems, variables } = await rotateUsers(admin, before);
    expect(problems).toEqual([expect.stringMatching(/^blog-serve-2 is there already/)]);
    expect(Object.keys(variables)).toEqual(['BLOG_OPS_MONGODB_URI']);
    expect(await users()).toEqual({ ...FIRST, 'blog-ops-2': [OPS_ROLE], 'blog-serve-2': [...roles].sort() });
    await connect(uriOf('blog-serve-2'));
  });

  test('does not swap a serving user and an ops user of the same name', async () => {
    await create('app', SERVE_ROLE);
    await create('app-2', OPS_ROLE);
    const { problems, variables } = await rotateUsers(admin, planOf('app', 'app-2'));
    expect([problems.length, variables]).toEqual([2, {}]);
    expect(await users()).toEqual({ ...FIRST, app: [SERVE_ROLE], 'app-2': [OPS_ROLE] });
    await Promise.all(['app', 'app-2'].map((user) => connect(uriOf(user))));
  });

  test('again, before anybody has used the second users, gives them other passwords', async () => {
    const first = await rotateUsers(admin, before);
    const second = await rotateUsers(admin, before);
    expect(second.problems).toEqual([]);
    await expect(connect(first.variables['BLOG_MONGODB_URI']!)).rejects.toThrow(/Authentication failed/);
    await connect(second.variables['BLOG_MONGODB_URI']!);
  });
});
