import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readShapes } from '../../src/monitor/stats/read-stats.js';
import { Recorder } from '../../src/monitor/recorder.js';
import { writeStats } from '../../src/monitor/stats/stats.js';
import { TestGateway } from '../support/gateway.js';
import { storeFinding, storePlan } from '../support/monitor-documents.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';
const SUMMARY = 'calls errors totalMs meanMs p50Ms p95Ms p99Ms lastSeen';

let gateway: TestGateway;
let operator: string;
let posts: string;
const recorder = () => gateway.server.runtimes.get('blog')!.recorder!;
const compartment = (product: string) => gateway.server.runtimes.get(product)!.compartment;
const ask = (query: string, token: string | undefined = operator) => gateway.ask(undefined, query, { token });
const blog = async (fields: string) => {
  const { body } = await ask(`{ ops { product(name: "blog") { ${fields} } } }`);
  expect(body.errors).toBeUndefined();
  return body.data.ops.product;
};

beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.02 });
  operator = await gateway.operator('*:read');
  const { link } = gateway.server.runtimes.get('blog')!;
  const headers = { 'apollographql-client-name': 'reader', 'apollographql-client-version': '1.2' };
  for (let i = 0; i < 3; i += 1) await gateway.ask('blog', POSTS, { headers });
  await gateway.ask('blog', '{ posts(first: 1) { nodes { title } } }');
  await writeStats(link.db, 'blog', recorder().drain(), new Date());
  const shapes = await readShapes(gateway.db('blog'), {
    product: 'blog',
    since: new Date(Date.now() - 3_600_000),
  });
  posts = shapes.find(({ calls, collection }) => collection === 'posts' && calls === 3)!.shape;
  await storePlan(gateway.db('blog'), posts);
  await storeFinding(gateway.db('blog'), { subject: { shape: posts, collection: 'posts' } });
  await storeFinding(gateway.db('blog'), {
    id: 'f2',
    rule: 'in-memory-sort',
    severity: 'amber',
    resolvedAt: new Date(),
  });
});
afterAll(() => gateway.close());

describe('ops, for an operator,', () => {
  test('tells shapes with origins, plan and findings', async () => {
    const { shapes, traffic } = await blog(
      `traffic { ${SUMMARY} }
       shapes(sort: EXAMINED, first: 1) {
         id query collection command ${SUMMARY} documents retries firstSeen
         origins { operation field calls }
         plan { at sentence documentsExamined returned collectionScan inMemorySort indexes tree { line wrong } }
         findings { rule severity shape collection reason remedy resolvedAt }
       }`,
    );
    expect(traffic).toMatchObject({ calls: 4, errors: 0 });
    expect(shapes).toMatchObject([
      {
        id: posts,
        query: expect.stringMatching(/^posts\.find\(.*\.sort\(\{publishedAt: -1, _id: -1\}\)/),
        command: 'find',
        calls: 3,
        origins: [{ operation: 'Front', field: 'Query.posts', calls: 3 }],
        plan: {
          documentsExamined: 8_500,
          collectionScan: true,
          indexes: [],
          tree: [
            { wrong: expect.stringContaining('in memory') },
            { line: expect.stringContaining('COLLSCAN') },
          ],
        },
        findings: [{ rule: 'COLLECTION_SCAN', severity: 'RED', shape: posts, resolvedAt: null }],
      },
    ]);
  });

  test('tells one shape hour by hour, operations and findings', async () => {
    const answer = await blog(
      `shape(id: "${posts}") { calls plan { keysExamined } }
       nothing: shape(id: "ffff") { calls }
       timeline(shape: "${posts}") { hour ${SUMMARY} documents }
       operations { name ${SUMMARY} }
       findings { rule } all: findings(state: ALL) { rule } resolved: findings(state: RESOLVED) { rule }`,
    );
    expect(answer).toMatchObject({
      shape: { calls: 3, plan: { keysExamined: 0 } },
      nothing: null,
      findings: [{ rule: 'COLLECTION_SCAN' }],
      all: [{ rule: 'COLLECTION_SCAN' }, { rule: 'IN_MEMORY_SORT' }],
      resolved: [{ rule: 'IN_MEMORY_SORT' }],
    });
    expect(answer.timeline.reduce((sum: number, { calls }: { calls: number }) => sum + calls, 0)).toBe(3);
    expect(answer.operations.map(({ name, calls }: Record<string, unknown>) => [name, calls])).toEqual(
      expect.arrayContaining([
        ['Front', 3],
        ['-', 1],
      ]),
    );
  });

  test('tells which client asks for which field, page by page', async () => {
    const { fields, rest } = await blog(
      `fields(type: "Post") { name calls lastSeen clients { name calls lastSeen } }
       rest: fields(type: "Post", after: "Post.author") { name }`,
    );
    expect(fields).toMatchObject([
      { name: 'Post.author', calls: 3, clients: [{ name: 'reader@1.2', calls: 3 }] },
      {
        name: 'Post.title',
        calls: 4,
        clients: [
          { name: '-', calls: 1 },
          { name: 'reader@1.2', calls: 3 },
        ],
      },
    ]);
    expect(rest).toEqual([{ name: 'Post.title' }]);
  });

  test('reads with one connection at a time, as the monitor, and counts as no traffic', async () => {
    // The gateway's own is emptied every few seconds.
    const { watchers } = gateway.server.runtimes.get('blog')!;
    const watching = new Recorder();
    watchers.push(watching);
    await blog('state readOnly traffic { calls } shapes { id } operations { name }');
    const { operations, commands } = watching.drain();
    expect([operations, commands]).toEqual([[], []]);
    expect(compartment('blog').load).toEqual({ inFlight: 0, waiting: 0 });
  });

  test('refuses pages that are too large, and asks for no more than the limits allow', async () => {
    for (const field of ['shapes', 'operations', 'fields', 'findings']) {
      const { body } = await ask(`{ ops { product(name: "blog") { ${field}(first: 101) { __typename } } } }`);
      expect(body.errors[0]).toMatchObject({
        message: 'first: expected 1 to 100, got 101.',
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
  });

  test('shows a product that is away by its state; what its database would say is null', async () => {
    compartment('blog').set('parked', 'a test', 'test');
    const { body } = await ask('{ ops { products { name state shapes { id } } } }');
    compartment('blog').set('ready', '', 'test');
    expect(body.data.ops.products).toEqual([
      { name: 'blog', state: 'PARKED', shapes: null },
      { name: 'aviation', state: 'READY', shapes: [] },
    ]);
    expect(body.errors).toMatchObject([{ extensions: { code: 'PRODUCT_UNAVAILABLE' } }]);
  });
});

describe('ops, for anybody else,', () => {
  test('is null, and the products answer', async () => {
    const { token } = await gateway.signUp('blog');
    const query = '{ ops { products { name } } blog { posts(first: 1) { nodes { title } } } }';
    for (const [who, code] of [
      [undefined, 'UNAUTHENTICATED'],
      [token, 'FORBIDDEN'],
      [await gateway.service('blog', 'blog:admin'), 'FORBIDDEN'],
    ] as const) {
      const { body } = await gateway.ask(undefined, query, { token: who });
      expect(body.data.ops).toBeNull();
      expect(body.errors).toMatchObject([{ path: ['ops'], extensions: { code } }]);
      expect(body.data.blog.posts.nodes).toHaveLength(1);
    }
  });

  test('is the one product that an operator may look at', async () => {
    const token = await gateway.operator('aviation:read');
    const { body } = await ask('{ ops { products { name } product(name: "blog") { name } } }', token);
    expect(body.data.ops).toEqual({ products: [{ name: 'aviation' }], product: null });
  });

  test('is not in the products’ own graphs', async () => {
    const { body } = await gateway.ask('blog', '{ ops { products { name } } }', { token: operator });
    expect(body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});
