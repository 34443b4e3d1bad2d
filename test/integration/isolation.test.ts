import type { GraphQLResolveInfo } from 'graphql';
import mongoose, { mongo, type Schema } from 'mongoose';
import { Ctx, Info, Mutation, Query, Resolver } from 'type-graphql';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import config from '../../bulkhead.config.js';
import * as aviation from '../../schema/aviation/index.js';
import * as blog from '../../schema/blog/index.js';
import { createConnection } from '../../src/database/connection.js';
import { ModelRegistry } from '../../src/database/models.js';
import { schemaOf } from '../../src/database/schema.js';
import type { ProductContext } from '../../src/graph/context.js';
import { defineGateway } from '../../src/product/gateway.js';
import { defineProduct } from '../../src/product/product.js';
import type { ProductRuntime } from '../../src/server/runtime/product-runtime.js';
import { TestGateway } from '../support/gateway.js';
import { reachableFrom } from '../support/reachable.js';

/** What resolvers were given. */
const given: { context: ProductContext; info: GraphQLResolveInfo }[] = [];

@Resolver()
class ProbeResolver {
  @Query(() => String)
  probe(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): string {
    given.push({ context, info });
    return context.product;
  }

  @Mutation(() => String, { nullable: true })
  probeWrite(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): string {
    given.push({ context, info });
    return context.product;
  }
}

const products = Object.fromEntries(
  Object.entries(config.products).map(([name, product]) => [
    name,
    defineProduct({ ...product, resolvers: [...product.resolvers, ProbeResolver] }),
  ]),
);

let gateway: TestGateway;
let runtimes: Readonly<Record<'blog' | 'aviation', ProductRuntime>>;
beforeAll(async () => {
  const administrative = inject('mongodAdminUri');
  gateway = await TestGateway.start({
    gateway: defineGateway({ ...config, products }),
    scale: 0.02,
    // It has no business with these, and does not use them where somebody leaves them lying about.
    env: { BULKHEAD_ADMIN_URI: administrative, MONGODB_URI: administrative },
  });
  const of = (name: string) => gateway.server.runtimes.get(name)!;
  runtimes = { blog: of('blog'), aviation: of('aviation') };
});
afterAll(() => gateway.close());

describe('classes of one name in two products', () => {
  test('do not see each other’s documents', async () => {
    const [ours, theirs] = [
      runtimes.blog.link.models.model(blog.User),
      runtimes.aviation.link.models.model(aviation.User),
    ];
    expect([ours.modelName, theirs.modelName]).toEqual(['User', 'User']);
    expect(ours.collection.collectionName).toBe(theirs.collection.collectionName);
    expect(ours.db).not.toBe(theirs.db);

    const { id } = await gateway.signUp('blog', 'Only In Blog');
    const filter = { name: 'Only In Blog' };
    expect(await ours.countDocuments(filter)).toBe(1);
    expect(await theirs.countDocuments(filter)).toBe(0);
    expect(await theirs.findById(id)).toBeNull();
    expect(await gateway.db('aviation').collection('users').countDocuments(filter)).toBe(0);

    await gateway.signUp('aviation', 'Only In Aviation');
    expect(await ours.countDocuments({ name: 'Only In Aviation' })).toBe(0);
  });

  test('keep a session of one from the other', async () => {
    const { token } = await gateway.signUp('blog');
    expect((await gateway.ask('blog', '{ viewer { id } }', { token })).body.data.viewer).not.toBeNull();
    const refused = await gateway.ask('aviation', '{ viewer { id } }', { token });
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    const { body } = await gateway.ask(undefined, '{ blog { viewer { id } } aviation { viewer { id } } }', {
      token,
    });
    expect(body.data.blog.viewer).not.toBeNull();
    expect(body.data.aviation.viewer).toBeNull();
  });

  test('have a model and a schema each, also where two products share one class', async () => {
    const register = () => new ModelRegistry(createConnection(), [blog.Post]).model(blog.Post);
    const first = register();
    const ran: string[] = [];
    (first.schema as Schema).pre('validate', () => void ran.push('a hook of the first'));
    const second = register();
    await new second({ title: 'x' }).validate().catch(() => {});
    expect(ran).toEqual([]);
    expect(second.schema).not.toBe(first.schema);
    expect([first.schema, second.schema]).not.toContain(schemaOf(blog.Post));
  });
});

describe('connections', () => {
  test('are one per product, and none is the process’s default one', () => {
    const [ours, theirs] = [runtimes.blog.link, runtimes.aviation.link];
    expect(ours.connection).not.toBe(theirs.connection);
    expect(ours.client).not.toBe(theirs.client);
    expect(mongoose.connection.readyState).toBe(mongoose.ConnectionStates.disconnected);
    expect(mongoose.modelNames()).toEqual([]);
  });

  test('let no transaction span two products', async () => {
    const session = runtimes.blog.link.client.startSession();
    session.startTransaction();
    const across = runtimes.aviation.link.db
      .collection('users')
      .updateOne({ _id: new mongo.ObjectId() }, { $set: { name: 'x' } }, { session });
    await expect(across).rejects.toThrow(/same MongoClient/);
    await session.endSession();
  });

  test('are opened with the serving credentials only', async () => {
    const admin = gateway.admins.get('blog')!.db('admin');
    const operations = await admin
      .aggregate([
        { $currentOp: { allUsers: true, idleConnections: true } },
        { $match: { appName: /^bulkhead:/ } },
      ])
      .toArray();
    const users = operations.flatMap(
      ({ effectiveUsers = [] }) => effectiveUsers as { user: string; db: string }[],
    );
    expect(users.filter(({ db }) => db === 'admin')).toEqual([]);
    const own = users.filter(({ db }) => Object.values(gateway.databases).includes(db));
    expect(new Set(own.map(({ user }) => user))).toEqual(new Set(['blog-serve', 'aviation-serve']));
  });
});

const KNOWN = new Set([
  'product',
  'viewer',
  'lists',
  'loaders',
  'models',
  'signIns',
  'ledger',
  'deadline',
  'report',
]);

describe('a resolver', () => {
  const asked = [
    ['blog', '{ probe }'],
    ['blog', 'mutation { probeWrite }'],
    ['aviation', '{ probe }'],
    [undefined, '{ blog { probe } aviation { probe } }'],
    [undefined, 'mutation { blogProbeWrite aviationProbeWrite }'],
  ] as const;

  test.each(asked)('asked on %s: %s, has no path to another product', async (endpoint, query) => {
    // Compiled from the second time on.
    for (const _time of [1, 2, 3]) {
      given.length = 0;
      const { body } = await gateway.ask(endpoint, query);
      expect(body.errors).toBeUndefined();
      expect(given.map(({ context }) => context.product)).toEqual(
        endpoint ? [endpoint] : ['blog', 'aviation'],
      );
      for (const { context, info } of given) {
        expect(Object.isFrozen(context)).toBe(true);
        // A function can be a door: what is added here needs a second look.
        expect(Object.keys(context).filter((key) => !KNOWN.has(key))).toEqual([]);
        const other = context.product === 'blog' ? runtimes.aviation : runtimes.blog;
        const { link, compartment } = other;
        const { connection, client, db, models, reader } = link;
        const strangers = [other, link, connection, client, db, models, reader, compartment];
        const found = reachableFrom([context, info]);
        // The walk gets somewhere.
        expect(found.has(context.deadline)).toBe(true);
        expect(found.has(info.schema.getQueryType()!)).toBe(true);
        expect(strangers.filter((one) => found.has(one))).toEqual([]);
        expect(
          [...found].filter((one) => one instanceof mongo.Db || one instanceof mongo.MongoClient),
        ).toEqual([]);
        const contexts = [...found].filter((one) => 'loaders' in one && 'models' in one);
        expect(contexts).toEqual([context]);
      }
    }
  });

  test('is refused the models of another product', async () => {
    await gateway.ask('blog', '{ probe }');
    const { context } = given.at(-1)!;
    expect(context.product).toBe('blog');
    expect(() => context.models.of(aviation.User)).toThrow(/not a class of this product/);
    expect(() => context.models.of(blog.User)).not.toThrow();
    expect('ledger' in context).toBe(false);
  });
});
