import { defineGateway, defineProduct, type ProductContext } from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atLeast, bucketOf, BUCKETS } from '../../src/monitor/stats/histogram.js';
import { NOT_LATELY, readLately } from '../../src/monitor/facts/read-lately.js';
import { readOperations, readShapes, readTraffic } from '../../src/monitor/stats/read-stats.js';
import type { Recorded } from '../../src/monitor/recorder.js';
import { parseShape } from '../../src/monitor/shape/shape.js';
import { SLOW_MS, writeStats } from '../../src/monitor/stats/stats.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { eventually } from '../support/eventually.js';
import { Stone } from '../support/edge-product.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';
const SECRET = 'a-value-nobody-may-see@example.org';

@ObjectType()
class Wall {
  @Field(() => ID)
  id!: string;
}

@Resolver(() => Wall)
class WallResolver {
  @Query(() => [Wall])
  walls(@Arg('count', () => Int) count: number): Wall[] {
    return Array.from({ length: count }, (_, n) => ({ id: String(n) }));
  }

  @Query(() => [Stone])
  named(
    @Arg('name', () => String) name: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Stone[]> {
    return context.lists.all(Stone, { filter: { name }, sort: { name: 1 }, limit: 5 }, info);
  }

  @Query(() => [Stone])
  async looped(
    @Arg('times', () => Int) times: number,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Stone[]> {
    const found: Stone[] = [];
    for (let n = 0; n < times; n += 1) found.push(...(await this.named(`stone${n}`, context, info)));
    return found;
  }

  /** As a resolver decides for itself. */
  @Query(() => Int)
  async known(@Arg('times', () => Int) times: number, @Ctx() { models }: ProductContext): Promise<number> {
    let found = 0;
    for (let n = 0; n < times; n += 1)
      if (await models.of(Stone).findUnrestricted({ name: `stone${n}` }, ['name'])) found += 1;
    return found;
  }

  /** By the loaders, each when the one before is there. */
  @Query(() => Int)
  async loaded(
    @Arg('times', () => Int) times: number,
    @Arg('atOnce', () => Int) atOnce: number,
    @Ctx() { loaders }: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<number> {
    for (let n = 0; n < times; n += 1)
      await Promise.all(
        Array.from({ length: atOnce }, () => loaders.one(Stone, new mongo.ObjectId().toHexString(), info)),
      );
    return times;
  }

  /** A list that is there when others are not yet; all of its walls have one stone. */
  @Query(() => [Wall])
  async later(@Arg('count', () => Int) count: number, @Arg('ms', () => Int) ms: number): Promise<Wall[]> {
    await sleep(ms);
    return this.walls(count).map(() => ({ id: String(ms) }));
  }

  @FieldResolver(() => Stone, { nullable: true })
  stone(
    @Root() { id }: Wall,
    @Ctx() { loaders }: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Stone | null> {
    return loaders.one(Stone, id.padStart(24, '0'), info);
  }

  /** A list that is there when that of the wall before is; all of its walls have one stone. */
  @FieldResolver(() => [Wall])
  inTurn(@Ctx() { models }: ProductContext): Promise<Wall[]> {
    const id = new mongo.ObjectId().toHexString();
    this.before = this.before.then(() => models.of(Stone).findUnrestricted({ name: id }, ['name']));
    return this.before.then(() => this.walls(3).map(() => ({ id })));
  }
  before: Promise<unknown> = Promise.resolve();

  /** By the loaders, each when the one before is there. */
  @FieldResolver(() => Stone, { nullable: true })
  waits(@Ctx() { loaders }: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Stone | null> {
    const id = new mongo.ObjectId().toHexString();
    const next = this.last.then(() => loaders.one(Stone, id, info));
    this.last = next;
    return next;
  }
  last: Promise<unknown> = Promise.resolve();

  @FieldResolver(() => Int)
  async counted(@Ctx() { lists }: ProductContext, @Info() info: GraphQLResolveInfo): Promise<number> {
    return (await lists.aggregate(Stone, [{ $limit: 1 }], info)).length;
  }

  @FieldResolver(() => Boolean)
  async isNamed(@Root() { id }: Wall, @Ctx() { models }: ProductContext): Promise<boolean> {
    return (await models.of(Stone).findUnrestricted({ name: id }, ['name'])) !== null;
  }

  @Mutation(() => [Wall], { nullable: true })
  build(@Arg('count', () => Int) count: number): Wall[] {
    return this.walls(count);
  }

  @Mutation(() => Int, { nullable: true })
  async retried(@Arg('times', () => Int) times: number, @Ctx() { models }: ProductContext): Promise<number> {
    let tries = 0;
    return models.transaction(async (inside) => {
      tries += 1;
      for (let n = 0; n < 4; n += 1) await inside.of(Stone).findUnrestricted({ name: 'none' }, ['name']);
      if (tries < times)
        throw new mongo.MongoServerError({ message: 'again', errorLabels: ['TransientTransactionError'] });
      return tries;
    });
  }

  @Query(() => [Stone])
  @FieldResolver(() => [Stone])
  stones(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Stone[]> {
    return context.lists.all(Stone, { filter: {}, sort: { _id: 1 }, limit: 5 }, info);
  }
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.02 });
});
afterAll(() => gateway.close());
const recorder = (product = 'blog') => gateway.server.runtimes.get(product)!.recorder!;
beforeEach(() => void ['blog', 'aviation'].map((product) => recorder(product).drain()));

const byText = (one: unknown, other: unknown): number => String(one).localeCompare(String(other));
const calls = ({ commands }: Recorded) =>
  commands.map(({ shape, field, operation, calls }) => [
    parseShape(shape).command,
    parseShape(shape).collection,
    operation,
    field,
    calls,
  ]);

describe('what a product’s recorder counts', () => {
  test('is every command, by shape, operation and field', async () => {
    for (let i = 0; i < 3; i += 1) await gateway.ask('blog', POSTS);
    const recorded = recorder().drain();
    expect(calls(recorded).sort(byText)).toEqual([
      ['find', 'posts', 'Front', 'Query.posts', 3],
      ['find', 'users', 'Front', 'Post.author', 3],
    ]);
    const [posts] = recorded.commands.filter(({ field }) => field === 'Query.posts');
    expect(posts).toMatchObject({ errors: 0, retries: 0, documents: 12 });
    expect(posts!.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(posts!.totalMs).toBeGreaterThan(0);
    expect(calls(recorder('aviation').drain())).toEqual([]);
    expect(recorded.dropped).toBe(0);
  });

  test('are operations, with those that failed, on both ways into the product', async () => {
    await gateway.ask('blog', POSTS);
    await gateway.ask('blog', 'mutation Wrong($input: SignInInput!) { signIn(input: $input) { token } }', {
      variables: { input: { email: SECRET, password: PASSWORD } },
    });
    await gateway.ask(
      undefined,
      'query Both { blog { posts(first: 1) { nodes { title } } } aviation { subjects { code } } }',
    );
    const tallies = recorder()
      .drain()
      .operations.map(({ operation, calls, errors }) => [operation, calls, errors]);
    expect(tallies).toEqual([
      ['Front', 1, 0],
      ['Wrong', 1, 1],
      ['Both', 1, 0],
    ]);
    expect(recorder('aviation').drain().operations).toMatchObject([
      { operation: 'Both', calls: 1, errors: 0 },
    ]);
  });

  test('are the fields that each client asks for, by the product’s own names', async () => {
    const headers = { 'apollographql-client-name': 'reader', 'apollographql-client-version': '1.2' };
    await gateway.ask('blog', POSTS, { headers });
    await gateway.ask(undefined, '{ blog { posts(first: 1) { nodes { title } } } }', { headers });
    await gateway.ask('blog', '{ posts(first: 1) { nodes { id } } }', {
      headers: { 'apollographql-client-name': '\u00e9'.repeat(3) },
    });
    const fields = recorder()
      .drain()
      .fields.map(({ field, client, calls }) => `${client} ${field} ${calls}`);
    expect(fields).toContain('reader@1.2 Query.posts 2');
    expect(fields).toContain('reader@1.2 Post.title 2');
    expect(fields).toContain('reader@1.2 User.name 1');
    expect(fields).toContain('- Post.id 1');
  });

  test('names a field that sends a command for each parent, and none that the client repeats', async () => {
    const product = defineProduct({ schema: [Stone], resolvers: [WallResolver], public: 'read' });
    const other = await TestGateway.start({ gateway: defineGateway({ products: { wall: product } }) });
    const { recorder } = other.server.runtimes.get('wall')!;
    await other.ask('wall', 'query Walls { walls(count: 12) { stones { name } } }');
    const aliases = Array.from({ length: 12 }, (_, n) => `a${n}: stones { name }`).join(' ');
    await other.ask('wall', `{ ${aliases} }`);
    await other.ask('wall', 'query Loops { looped(times: 11) { name } again: looped(times: 9) { name } }');
    expect(recorder!.drain().unbatched).toMatchObject([
      { operation: 'Walls', field: 'Wall.stones', times: 1, most: 12 },
      { operation: 'Loops', field: 'Query.looped', times: 1, most: 11 },
    ]);
    await other.close();
  });
});

describe('reads without row rules', () => {
  const product = defineProduct({ schema: [Stone], resolvers: [WallResolver], public: 'read' });
  let other: TestGateway;
  beforeAll(async () => {
    other = await TestGateway.start({ gateway: defineGateway({ products: { wall: product } }) });
  });
  afterAll(() => other.close());

  test.each(['wall', undefined])(
    'are counted for their field, like others (through %s)',
    async (endpoint) => {
      const { recorder } = other.server.runtimes.get('wall')!;
      const inside = (query: string) => (endpoint ? `{ ${query} }` : `{ wall { ${query} } }`);
      for (const name of ['First', 'Again', 'Compiled'])
        await other.ask(
          endpoint,
          `query ${name} ${inside('walls(count: 12) { isNamed } known(times: 11) few: known(times: 9)')}`,
        );
      const recorded = recorder!.drain();
      expect(calls(recorded).sort(byText).slice(0, 2)).toEqual([
        ['find', 'stones', 'Again', 'Query.known', 20],
        ['find', 'stones', 'Again', 'Wall.isNamed', 12],
      ]);
      expect(
        recorded.unbatched.map(({ operation, field, most }) => [operation, field, most]).sort(byText),
      ).toEqual(
        ['Again', 'Compiled', 'First'].flatMap((name) => [
          [name, 'Query.known', 11],
          [name, 'Wall.isNamed', 12],
        ]),
      );
    },
  );

  test.each(['wall', undefined])(
    'by loaders are a loop where one awaits the other, and none where many lists have a batch each (through %s)',
    async (endpoint) => {
      const { recorder } = other.server.runtimes.get('wall')!;
      const inside = (query: string) => (endpoint ? `{ ${query} }` : `{ wall { ${query} } }`);
      const board = Array.from(
        { length: 20 },
        (_, n) => `a${n}: later(count: 20, ms: ${n * 10}) { stone { name } }`,
      );
      const ones = Array.from(
        { length: 10 },
        (_, n) =>
          `a${n}: later(count: 1, ms: ${n * 5}) { waits { name } } b${n}: loaded(times: 1, atOnce: 1)`,
      );
      // Interpreted, then compiled.
      for (const time of [1, 2]) {
        for (const query of [
          `query Board ${inside(board.join(' '))}`,
          `query Ones ${inside(ones.join(' '))}`,
          `query Waits ${inside('walls(count: 12) { waits { name } }')}`,
          `query Loads ${inside('loaded(times: 12, atOnce: 1) again: known(times: 9)')}`,
          `query Pairs ${inside('loaded(times: 11, atOnce: 2)')}`,
          `query InTurn ${inside('walls(count: 12) { inTurn { stone { name } } }')}`,
          `query AtOnce ${inside('loaded(times: 1, atOnce: 2500)')}`,
          `query Counts ${inside('walls(count: 9) { counted } others: walls(count: 9) { counted }')}`,
        ]) {
          const { body } = await other.ask(endpoint, query);
          expect(body.errors).toBeUndefined();
        }
        const found = recorder!
          .drain()
          .unbatched.map(({ operation, field, most }) => [operation, field, most]);
        expect([time, ...found.sort(byText)]).toEqual([
          time,
          ['Counts', 'Wall.counted', 18],
          ['InTurn', 'Wall.inTurn', 12],
          ['Loads', 'Query.loaded', 12],
          ['Pairs', 'Query.loaded', 11],
          ['Waits', 'Wall.waits', 12],
        ]);
      }
    },
  );

  test.each(['wall', undefined])(
    'of the root fields of a mutation, which share no loaders, are no loop together (through %s)',
    async (endpoint) => {
      const { recorder } = other.server.runtimes.get('wall')!;
      const token = endpoint ? await other.service('wall', 'write') : await other.operator();
      const root = endpoint ? 'build' : 'wallBuild';
      const ask = async (name: string, ...counts: readonly number[]) => {
        const fields = counts.map((count, n) => `a${n}: ${root}(count: ${count}) { isNamed }`);
        const { body } = await other.ask(endpoint, `mutation ${name} { ${fields.join(' ')} }`, { token });
        expect(body.errors).toBeUndefined();
      };
      await ask('Apart', ...Array<number>(12).fill(1));
      await ask('Loops', 11, 12, 1);
      expect(recorder!.drain().unbatched).toMatchObject([
        { operation: 'Loops', field: 'Wall.isNamed', times: 1, most: 12 },
      ]);
    },
  );

  test('that a transaction repeats are no loop', async () => {
    const { recorder } = other.server.runtimes.get('wall')!;
    const token = await other.service('wall', 'write');
    const { body } = await other.ask('wall', 'mutation Retried { retried(times: 4) }', { token });
    expect(body).toEqual({ data: { retried: 4 } });
    const recorded = recorder!.drain();
    expect(recorded.unbatched).toEqual([]);
    expect(calls(recorded)).toContainEqual(['find', 'stones', 'Retried', 'Mutation.retried', 16]);
  });
});

describe('in development', () => {
  test('the first scan and the first field that does not batch are told, once, by operation and field', async () => {
    const log: string[] = [];
    const product = defineProduct({ schema: [Stone], resolvers: [WallResolver], public: 'read' });
    const walls = defineGateway({ products: { wall: product } });
    const other = await TestGateway.start({ gateway: walls, log: (line) => void log.push(line) });
    const warnings = () =>
      log.map((line) => JSON.parse(line)).map(({ operation, field, msg }) => [operation, field, msg]);
    for (let i = 0; i < 3; i += 1) {
      await other.ask('wall', 'query Named { named(name: "granite") { name } }');
      await other.ask('wall', 'query Walls { walls(count: 12) { stones { name } } }');
    }
    await eventually('both are told', () => log.length >= 2);
    // The scan is told when it is explained.
    expect(warnings().sort(byText)).toEqual([
      [
        'Named',
        'Query.named',
        expect.stringMatching(
          /^stones\.find\({name}\).* scans the whole collection: no index fits; `bulkhead indexes advise wall`/,
        ),
      ],
      [
        'Walls',
        'Wall.stones',
        expect.stringMatching(/^Wall\.stones sends a command for each of its parents \(N\+1\)/),
      ],
    ]);
    expect(log.join()).not.toContain('granite');
    await other.close();
  });

  test('queries that an index answers are not worth a word, nor anything in production', async () => {
    const log: string[] = [];
    const production = await TestGateway.start({
      scale: 0.02,
      env: { NODE_ENV: 'production' },
      log: (line) => void log.push(line),
    });
    await production.ask('blog', POSTS);
    await production.db('blog').collection('posts').dropIndexes();
    await production.ask('blog', '{ posts(first: 2) { nodes { title } } }');
    await production.server.close();
    await gateway.ask('blog', POSTS);
    expect(log).toEqual([]);
    await production.close();
  });
});

describe('statistics in the product’s database', () => {
  const query = () => ({ product: 'blog', since: new Date(Date.now() - 3_600_000) });
  const stats = () => gateway.db('blog').collection(STATS_COLLECTION);
  beforeEach(() => stats().deleteMany({}));

  test('of several gateways add up, under the serving credential, and hold no value', async () => {
    const { link } = gateway.server.runtimes.get('blog')!;
    for (let i = 0; i < 2; i += 1) {
      await gateway.ask('blog', POSTS);
      await gateway.ask('blog', 'mutation In($input: SignInInput!) { signIn(input: $input) { token } }', {
        variables: { input: { email: SECRET, password: PASSWORD } },
      });
      await writeStats(link.db, 'blog', recorder().drain(), new Date());
    }
    const shapes = await readShapes(gateway.db('blog'), query());
    const posts = shapes.find(({ collection }) => collection === 'posts')!;
    expect(posts).toMatchObject({ command: 'find', calls: 2, errors: 0, documents: 8 });
    expect(posts.origins).toEqual([{ operation: 'Front', field: 'Query.posts', calls: 2 }]);
    expect(posts.p50Ms).toBeGreaterThan(0);
    expect(posts.p99Ms).toBeGreaterThanOrEqual(posts.p50Ms);
    expect(parseShape(posts.text).parts).toMatchObject({ sort: { publishedAt: -1, _id: -1 } });
    const operations = await readOperations(gateway.db('blog'), query());
    expect(operations.map(({ operation, calls, errors }) => [operation, calls, errors]).sort(byText)).toEqual(
      [
        ['Front', 2, 0],
        ['In', 2, 2],
      ],
    );
    expect(await readTraffic(gateway.db('blog'), query())).toMatchObject({ calls: 4, errors: 2 });
    const stored = JSON.stringify(await stats().find().toArray());
    expect(stored).not.toContain(SECRET);
    expect(await stats().countDocuments({ expiresAt: { $gt: new Date(Date.now() + 29 * 86_400_000) } })).toBe(
      await stats().countDocuments(),
    );
  });

  test('tell the last minutes from the hours before', async () => {
    const { link } = gateway.server.runtimes.get('blog')!;
    recorder().drain();
    for (let n = 0; n < 3; n += 1) await gateway.ask('blog', POSTS);
    const quick = recorder().drain();
    const slow: Recorded = {
      ...quick,
      commands: quick.commands.map((row) => {
        const counts = new Uint32Array(BUCKETS);
        counts[bucketOf(500)] = row.calls;
        return { ...row, counts };
      }),
    };
    const hour = (Math.floor(Date.now() / 3_600_000) - 1) * 3_600_000;
    const at = (minutes: number) => new Date(hour + minutes * 60_000);
    const lately = async (minutes: number) => {
      const until = at(minutes);
      const [{ shape } = { shape: '' }] = (
        await readShapes(gateway.db('blog'), { product: 'blog', since: at(-60), until: at(60) })
      ).filter(({ collection }) => collection === 'posts');
      const found = await readLately(gateway.db('blog'), { product: 'blog' }, until);
      const { calls, counts } = found.get(shape) ?? NOT_LATELY;
      return { calls, slow: atLeast(counts, SLOW_MS) };
    };
    await writeStats(link.db, 'blog', slow, at(-2));
    await writeStats(link.db, 'blog', quick, at(1));
    await writeStats(link.db, 'blog', slow, at(8));
    await writeStats(link.db, 'blog', quick, at(12));
    expect([await lately(4), await lately(9), await lately(13), await lately(19), await lately(20)]).toEqual([
      { calls: 6, slow: 3 },
      { calls: 6, slow: 3 },
      { calls: 6, slow: 3 },
      { calls: 3, slow: 0 },
      { calls: 0, slow: 0 },
    ]);
  });

  test('are written when the gateway stops', async () => {
    const other = await TestGateway.start();
    await other.ask('blog', POSTS);
    await other.server.close();
    const rows = await readOperations(other.db('blog'), query());
    expect(rows).toMatchObject([{ operation: 'Front', calls: 1 }]);
    await other.close();
  });
});
