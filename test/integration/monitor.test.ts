import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NOT_LATELY, readLately } from '../../src/monitor/facts/read-lately.js';
import type { Recorded } from '../../src/monitor/recorder.js';
import { parseShape } from '../../src/monitor/shape/shape.js';
import { atLeast, bucketOf, BUCKETS } from '../../src/monitor/stats/histogram.js';
import { readOperations, readShapes, readTraffic } from '../../src/monitor/stats/read-stats.js';
import { SLOW_MS, writeStats } from '../../src/monitor/stats/stats.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { eventually } from '../support/eventually.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';
import { byText, callsOf } from '../support/recorded.js';
import { wallProduct } from '../support/wall-product.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';
const SECRET = 'a-value-nobody-may-see@example.org';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.02 });
});
afterAll(() => gateway.close());
const recorder = (product = 'blog') => gateway.server.runtimes.get(product)!.recorder!;
beforeEach(() => void ['blog', 'aviation'].map((product) => recorder(product).drain()));

describe('what a product’s recorder counts', () => {
  test('is every command, by shape, operation and field', async () => {
    for (let i = 0; i < 3; i += 1) await gateway.ask('blog', POSTS);
    const recorded = recorder().drain();
    expect(callsOf(recorded).sort(byText)).toEqual([
      ['find', 'posts', 'Front', 'Query.posts', 3],
      ['find', 'users', 'Front', 'Post.author', 3],
    ]);
    const [posts] = recorded.commands.filter(({ field }) => field === 'Query.posts');
    expect(posts).toMatchObject({ errors: 0, retries: 0, documents: 12 });
    expect(posts!.counts.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(posts!.totalMs).toBeGreaterThan(0);
    expect(callsOf(recorder('aviation').drain())).toEqual([]);
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
});

describe('in development', () => {
  test('the first scan and the first field that does not batch are told, once, by operation and field', async () => {
    const log: string[] = [];
    const walls = defineGateway({ products: { wall: wallProduct } });
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
