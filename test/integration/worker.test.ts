import { index, modelOptions, prop } from '@typegoose/typegoose';
import { defineGateway, defineProduct, Entity, type ProductContext, Rows } from 'bulkhead';
import type { GraphQLResolveInfo } from 'graphql';
import { mongo } from 'mongoose';
import { Arg, Ctx, Field, Info, ObjectType, Query, Resolver } from 'type-graphql';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Worker, type WorkerOptions } from '../../src/jobs/worker.js';
import { Receiver } from '../../src/jobs/jobs.test.support.js';
import type { StoredFinding } from '../../src/monitor/finding.js';
import { readExamined } from '../../src/monitor/stats/read-examined.js';
import { findPlans } from '../../src/monitor/stats/read-findings.js';
import { readShapes } from '../../src/monitor/stats/read-stats.js';
import { writeStats } from '../../src/monitor/stats/stats.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';
import { createLogger } from '../../src/server/telemetry/logger.js';
import { busy } from '../support/answers.js';
import { eventually } from '../support/eventually.js';
import { TestGateway } from '../support/gateway.js';
import { OwnServer } from '../support/own-server.js';

/** Stands in every value of the data and of the queries. */
const MARK = 'zqxsecret';
const KEY = { kind: 1, weight: -1 } as const;

@ObjectType()
@Rows<Parcel>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'parcels' } })
@index(KEY)
class Parcel extends Entity {
  @Field()
  @prop({ type: String, required: true })
  kind!: string;

  @Field()
  @prop({ type: Number, required: true })
  weight!: number;
}

@Resolver()
class ParcelResolver {
  @Query(() => [Parcel])
  heaviest(
    @Arg('kind', () => String) kind: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Parcel[]> {
    return context.lists.all(Parcel, { filter: { kind }, sort: { weight: -1 }, limit: 5 }, info);
  }
}

const product = () => defineProduct({ schema: [Parcel], resolvers: [ParcelResolver], public: 'read' });
const DOCUMENTS = 3_000;

let gateway: TestGateway;
let receiver: Receiver;
const lines: string[] = [];
const workers: Worker[] = [];
beforeAll(async () => {
  [gateway, receiver] = await Promise.all([
    TestGateway.start({ gateway: defineGateway({ products: { post: product(), mail: product() } }) }),
    Receiver.start(),
  ]);
  const at = new Date();
  await gateway
    .db('post')
    .collection('parcels')
    .insertMany(
      Array.from({ length: DOCUMENTS }, (_, n) => ({
        kind: `${MARK}-${n % 100}`,
        weight: 770_000_000 + n,
        createdAt: at,
        updatedAt: at,
      })),
    );
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});

/** A worker with the ops credentials that `provision` has made, and nothing else. */
function work(more: Partial<WorkerOptions> = {}): Worker {
  const worker = new Worker({
    products: new Map([
      ['post', [Parcel]],
      ['mail', [Parcel]],
    ]),
    uriOf: (name) => gateway.opsUris[name],
    logger: createLogger('info', { write: (line: string) => void lines.push(line) }),
    webhook: () => ({ url: receiver.url, waitMs: 1 }),
    ...more,
  });
  workers.push(worker);
  return worker;
}
const stats = () => gateway.db('post').collection<StoredFinding & { _id: string }>(STATS_COLLECTION);
const open = async (): Promise<string[]> => {
  const found = await stats()
    .find({ kind: 'finding', resolvedAt: { $exists: false }, rule: { $ne: 'growth' } } as never)
    .toArray();
  return found.map(({ rule, severity }) => `${rule} ${severity}`).sort();
};
const traffic = async (calls = 12): Promise<void> => {
  for (let n = 0; n < calls; n += 1) {
    const { body } = await gateway.ask(
      'post',
      'query Front($kind: String!) { heaviest(kind: $kind) { weight } }',
      { variables: { kind: `${MARK}-${n}` } },
    );
    expect(body.data.heaviest).toHaveLength(5);
  }
  const { link, recorder } = gateway.server.runtimes.get('post')!;
  await writeStats(link.db, 'post', recorder!.drain(), new Date());
};
const told = () =>
  receiver.received.map(({ kind, finding }) => `${kind} ${(finding as StoredFinding | undefined)?.rule}`);

describe('an index that is lacking', () => {
  const parcels = () => gateway.db('post').collection('parcels');
  const sum = async () => {
    const [one] = (await findPlans(gateway.db('post'), { product: 'post' })).values();
    return one!;
  };

  test('is found in the first round after the traffic, with operation and field, and told once', async () => {
    await parcels().dropIndexes();
    await traffic();
    const [round] = await work().round();
    expect(round).toMatchObject({ product: 'post', state: 'watched' });
    expect(await open()).toEqual(['collection-scan amber', 'missing-index amber']);
    const scan = (await stats().findOne({ kind: 'finding', rule: 'collection-scan' } as never))!;
    expect(scan.subject).toMatchObject({
      collection: 'parcels',
      operation: 'Front',
      field: 'Query.heaviest',
    });
    expect(scan.reason).toMatch(
      /^find on parcels by Front, Query.heaviest reads 3,000 documents .* 12 times/,
    );
    expect(await sum()).toMatchObject({
      collectionScan: true,
      inMemorySort: true,
      documentsExamined: DOCUMENTS,
    });
    await work().round();
    expect(
      told()
        .filter((one) => !/growth/.test(one))
        .sort(),
    ).toEqual(['finding collection-scan', 'finding missing-index']);
    expect(lines.join('')).not.toContain('T0P53CR3T');
  });

  test('and is found to be there again', async () => {
    await workers[0]?.stop();
    await parcels().createIndex(KEY);
    const worker = work();
    await worker.round();
    expect(await open()).toEqual([]);
    expect(await sum()).toMatchObject({
      collectionScan: false,
      inMemorySort: false,
      documentsExamined: 5,
      indexes: ['kind_1_weight_-1'],
    });
    expect(
      told()
        .filter((one) => one.startsWith('resolved'))
        .sort(),
    ).toEqual(['resolved collection-scan', 'resolved missing-index']);
  });

  test('no value of the data or of a query was kept, told or logged', async () => {
    const kept = JSON.stringify(await stats().find().toArray());
    expect(kept).toContain('"kind":"plan"');
    for (const text of [kept, JSON.stringify(receiver.received), lines.join('')])
      expect(text).not.toMatch(/zqxsecret|77000\d{4}/);
  });

  test('what is kept expires', async () => {
    const forEver = await stats()
      .find({ kind: { $ne: 'lease' }, expiresAt: { $exists: false } } as never)
      .toArray();
    expect(forEver).toEqual([]);
  });
});

describe('workers', () => {
  test('of two, one watches a product, and the other takes over when that one ends', async () => {
    const [one, other] = [work({ everyMs: 200 }), work({ everyMs: 200 })];
    one.start();
    await eventually('the first watches', async () => (await one.round())[0]!.state === 'watched');
    expect((await other.round()).map(({ state }) => state)).toEqual(['elsewhere', 'elsewhere']);
    await one.stop();
    expect((await other.round()).map(({ state }) => state)).toEqual(['watched', 'watched']);
  });

  test('watch the others where one product’s database is not there, and that one when it is', async () => {
    let isThere = false;
    const worker = work({
      uriOf: (name) =>
        name === 'mail' && !isThere
          ? 'mongodb://u:hunter2@127.0.0.1:1/mail?authSource=mail'
          : gateway.opsUris[name],
      everyMs: 50,
    });
    worker.start();
    const said = (what: string) => lines.filter((line) => line.includes(what)).length;
    const before = said('cannot be watched');
    await eventually(
      'the first is watched',
      async () => (await stats().countDocuments({ kind: 'lease' })) === 1,
    );
    await eventually('the other is said to be parked', () => said('cannot be watched') > before);
    isThere = true;
    const mail = gateway.db('mail').collection(STATS_COLLECTION);
    await eventually(
      'the other is watched',
      async () => (await mail.countDocuments({ kind: 'lease' })) === 1,
    );
    expect(lines.join('')).not.toContain('hunter2');
  });

  test('go on with the others while one product’s database is frozen, and end in bounded time', async () => {
    const own = await OwnServer.start();
    try {
      const uriOf = (name: string) => (name === 'mail' ? own.uri : gateway.opsUris[name]);
      const worker = work({ uriOf, everyMs: 100 });
      worker.start();
      const admin = await new mongo.MongoClient(own.uri).connect();
      const frozen = admin.db('mail').collection(STATS_COLLECTION);
      await eventually(
        'both are watched',
        async () => (await frozen.countDocuments({ kind: 'lease' })) === 1,
      );
      await admin.close();
      own.freeze();
      const lease = async () => {
        const one = await gateway.db('post').collection(STATS_COLLECTION).findOne({ kind: 'lease' });
        return (one?.['updatedAt'] as Date | undefined)?.getTime() ?? 0;
      };
      for (let round = 0; round < 3; round += 1) {
        const before = await lease();
        await eventually('the other goes on', async () => (await lease()) > before);
      }
      const startedAt = Date.now();
      await worker.stop();
      // Five seconds are promised to a round.
      expect(Date.now() - startedAt).toBeLessThan(busy(5_000));
    } finally {
      await own.remove();
    }
  });

  test('that may not see something say so once, and show the rest', async () => {
    const uri = new URL(gateway.opsUris['mail']!);
    [uri.username, uri.password] = ['narrow', 'narrow-password'];
    const db = gateway.db('mail');
    await db.command({
      createUser: 'narrow',
      pwd: 'narrow-password',
      roles: [{ role: 'readWrite', db: db.databaseName }],
    });
    // `dbStats` and `collStats` are in readWrite; `indexStats` and the profiler are not.
    const worker = work({ uriOf: () => uri.href, products: new Map([['mail', [Parcel]]]) });
    await worker.round();
    const [round] = await worker.round();
    expect(round).toMatchObject({ state: 'watched' });
    const grants = lines.filter((line) => line.includes('a grant is missing'));
    expect(grants.map((line) => (JSON.parse(line) as { right: string }).right).sort()).toEqual([
      'find on system.profile',
      'indexStats',
    ]);
  });
});

test('other clients are seen through the profiler, where somebody has switched it on', async () => {
  const db = gateway.db('post');
  await db.setProfilingLevel('all');
  const client = await new mongo.MongoClient(gateway.uris['post']!, { appName: 'reports' }).connect();
  const parcels = client.db(gateway.databases['post']).collection('parcels');
  for (let n = 0; n < 12; n += 1) await parcels.find({ weight: { $gt: 770_002_990 } }).toArray();
  await parcels.updateMany({ kind: `${MARK}-none` }, { $set: { weight: 770_000_001 } });
  await traffic(3);
  await db.setProfilingLevel('off');
  await client.close();

  await work().round();
  const shapes = await readShapes(db, { product: 'post', since: new Date(Date.now() - 3_600_000) });
  const ofOthers = shapes.filter(({ origins }) => origins[0]!.operation === '(other client)');
  expect(
    ofOthers.map(({ command, calls, documents, origins }) => [command, calls, documents, origins[0]!.field]),
  ).toEqual(
    expect.arrayContaining([
      ['find', 12, 9 * 12, 'reports'],
      ['update', 1, 0, 'reports'],
    ]),
  );
  const scan = await stats().findOne({
    kind: 'finding',
    rule: 'collection-scan',
    resolvedAt: { $exists: false },
  } as never);
  expect(scan!.reason).toMatch(/^find on parcels of another client \(reports\) reads 3,000 documents/);
  const ofGateway = shapes.find(({ origins }) => origins[0]!.field === 'Query.heaviest')!;
  const query = { product: 'post', since: new Date(Date.now() - 3_600_000) };
  const examined = await readExamined(db, query, () => undefined);
  expect(examined.get(ofGateway.shape)).toEqual({ calls: 3, documents: 15, keys: 15, scans: 0, sorts: 0 });
  expect(examined.get(ofOthers.find(({ command }) => command === 'find')!.shape)).toMatchObject({
    calls: 12,
    documents: 12 * DOCUMENTS,
    scans: 12,
  });
  // What was before the indexes were what they are says nothing.
  expect(await readExamined(db, query, () => new Date(Date.now() + 300_000))).toEqual(new Map());
  // The same entries are not counted twice.
  await workers[0]!.round();
  const again = await readShapes(db, { product: 'post', since: new Date(Date.now() - 3_600_000) });
  const isOfReports = ({ command, origins }: (typeof again)[number]) =>
    command === 'find' && origins[0]!.field === 'reports';
  expect(again.find(isOfReports)!.calls).toBe(12);
  expect(JSON.stringify(await stats().find().toArray())).not.toMatch(/zqxsecret|77000\d{4}/);
  await db.collection('system.profile').drop();
});

test('a long read of another client is one call, with all that it returned', async () => {
  const db = gateway.db('post');
  const client = await new mongo.MongoClient(gateway.uris['post']!, { appName: 'exports' }).connect();
  const parcels = client.db(gateway.databases['post']).collection('parcels');
  await db.setProfilingLevel('all');
  for (let n = 0; n < 2; n += 1) await parcels.find({ weight: { $ne: 3 } }, { batchSize: 700 }).toArray();
  await parcels.aggregate([{ $match: { weight: { $ne: 4 } } }], { batchSize: 700 }).toArray();
  await db.setProfilingLevel('off');
  await client.close();
  await work().round();
  const query = { product: 'post', since: new Date(Date.now() - 3_600_000) };
  const shapes = await readShapes(db, query);
  const exported = shapes.filter(({ origins }) => origins[0]!.field === 'exports');
  const examined = await readExamined(db, query, () => undefined);
  expect(
    exported.map(({ shape, command, calls, documents }) => {
      const seen = examined.get(shape)!;
      return [command, calls, documents, seen.calls, seen.documents];
    }),
  ).toEqual(
    expect.arrayContaining([
      ['find', 2, 2 * DOCUMENTS, 2, 2 * DOCUMENTS],
      ['aggregate', 1, DOCUMENTS, 1, DOCUMENTS],
    ]),
  );
  await db.collection('system.profile').drop();
});
