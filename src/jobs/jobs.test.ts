import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Finding, StoredFinding } from '../monitor/finding.js';
import { storeFindings } from '../monitor/findings.js';
import { STATS_COLLECTION } from '../product/grants.js';
import { sendAlarms } from './alarms.js';
import { actionsFor, sendDigest, weekOf } from './digest.js';
import { Receiver } from './jobs.test.support.js';
import { endLease, holdLease } from './lease.js';
import { post, WebhookError } from './webhook.js';

const HOUR_MS = 3_600_000;

let client: mongo.MongoClient;
let db: mongo.Db;
let receiver: Receiver;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_jobs`);
  receiver = await Receiver.start();
});
afterAll(async () => {
  await receiver.close();
  await db.dropDatabase();
  await client.close();
});
const stats = () => db.collection<StoredFinding & { _id: string }>(STATS_COLLECTION);
beforeEach(async () => {
  await stats().deleteMany({});
  [receiver.received.length, receiver.answers, receiver.tries] = [0, [], 0];
});

describe('a lease', () => {
  const hold = async (owner: string) => (await holdLease(db, 'shop', 'watch', owner)) === undefined;

  test('is one worker’s, however many ask at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      await stats().deleteMany({});
      const held = await Promise.all(Array.from({ length: 20 }, (_, n) => hold(`worker-${n}`)));
      expect(held.filter(Boolean)).toHaveLength(1);
    }
  });

  test('is kept by renewing it, given back, and taken over when its worker is gone', async () => {
    expect([await hold('a'), await hold('b'), await hold('a')]).toEqual([true, false, true]);
    await endLease(db, 'shop', 'watch', 'b');
    expect(await hold('b')).toBe(false);
    await endLease(db, 'shop', 'watch', 'a');
    expect([await hold('b'), await hold('a')]).toEqual([true, false]);
    await stats().updateOne({ _id: 'lease:watch' }, { $set: { until: new Date(Date.now() - 1) } });
    const held = await Promise.all(Array.from({ length: 10 }, (_, n) => hold(`c-${n}`)));
    expect(held.filter(Boolean)).toHaveLength(1);
    expect(await hold('b')).toBe(false);
  });

  test('says whose it is, and how long that one was silent', async () => {
    await hold('a');
    expect(await holdLease(db, 'shop', 'watch', 'b')).toMatchObject({
      owner: 'a',
      silentMs: expect.any(Number),
    });
    const until = new Date(Date.now() + 20_000);
    await stats().updateOne({ _id: 'lease:watch' }, { $set: { until } });
    const holder = (await holdLease(db, 'shop', 'watch', 'b'))!;
    expect(holder).toMatchObject({ owner: 'a', until, renewedAt: new Date(until.getTime() - 120_000) });
    expect(Math.abs(holder.silentMs - 100_000)).toBeLessThan(10_000);
  });
});

const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id,
  rule: 'slow',
  severity: 'amber',
  subject: { shape: `shape-${id}`, collection: 'posts' },
  reason: `reason ${id}`,
  remedy: `remedy ${id}`,
  ...more,
});
const at = (hours: number) => new Date(Date.UTC(2026, 5, 15) + hours * HOUR_MS);
/** What a round has found, of shapes that were all seen. */
const holds = (hours: number, findings: readonly Finding[], seen = ['shape-a', 'shape-b']) =>
  storeFindings(db, 'shop', findings, new Set(seen), at(hours));
const ids = (findings: readonly Finding[]) => findings.map(({ id }) => id).sort();

describe('findings', () => {
  test('are found once, held, resolved, and found again', async () => {
    const first = await holds(0, [finding('a'), finding('b')]);
    expect([ids(first.found), ids(first.open), ids(first.resolved)]).toEqual([['a', 'b'], ['a', 'b'], []]);
    const second = await holds(1, [finding('a', { reason: 'worse', severity: 'red' })]);
    expect([ids(second.found), ids(second.open), ids(second.resolved)]).toEqual([[], ['a'], ['b']]);
    expect(await stats().find().sort({ _id: 1 }).toArray()).toMatchObject([
      { _id: 'finding:a', kind: 'finding', first: at(0), last: at(1), reason: 'worse', severity: 'red' },
      { _id: 'finding:b', first: at(0), last: at(0), resolvedAt: at(1) },
    ]);
    const third = await holds(2, [finding('a'), finding('b')]);
    expect([ids(third.found), ids(third.open)]).toEqual([['b'], ['a', 'b']]);
    const [, b] = await stats().find().sort({ _id: 1 }).toArray();
    expect(b).toMatchObject({ first: at(2), last: at(2) });
    expect(b).not.toHaveProperty('resolvedAt');
  });

  test('of a shape that nobody sends stay for a day, for a nightly job is not mended by day', async () => {
    await holds(0, [finding('a'), finding('b', { subject: { collection: 'posts', index: 'x_1' } })]);
    const quiet = await holds(1, [], []);
    expect([ids(quiet.open), ids(quiet.resolved)]).toEqual([['a'], ['b']]);
    expect(ids((await holds(23.9, [], [])).open)).toEqual(['a']);
    expect(ids((await holds(24, [], [])).resolved)).toEqual(['a']);
  });

  test('about what could not be looked at stay', async () => {
    const index = finding('b', { rule: 'unused-index', subject: { collection: 'posts', index: 'x_1' } });
    await holds(0, [finding('a'), index]);
    const isUnseen = ({ rule }: Finding) => rule === 'unused-index';
    const round = await storeFindings(db, 'shop', [], new Set(['shape-a']), at(30), isUnseen);
    expect([ids(round.open), ids(round.resolved)]).toEqual([['b'], ['a']]);
  });
});

describe('alarms', () => {
  const send = (hours: number, owner = 'w', more = {}) =>
    sendAlarms({
      db,
      product: 'shop',
      webhook: { url: receiver.url, waitMs: 1, ...more },
      owner,
      now: () => at(hours),
    });
  const told = () => receiver.received.map(({ kind, finding: one }) => `${kind} ${(one as Finding).id}`);

  test('one for each new finding that is amber or red, and one when it holds no more', async () => {
    await holds(0, [finding('a', { severity: 'red' }), finding('b', { severity: 'info' })]);
    expect(await send(0)).toEqual({ sent: 1 });
    expect(receiver.received).toEqual([
      {
        text: 'shop: red, slow. reason a What to do: remedy a',
        kind: 'finding',
        product: 'shop',
        finding: { ...finding('a', { severity: 'red' }), first: at(0).toISOString() },
      },
    ]);
    await holds(1, [finding('a', { severity: 'red' }), finding('b', { severity: 'info' })]);
    await send(1);
    await holds(2, []);
    await send(2);
    await send(3);
    expect(told()).toEqual(['finding a', 'resolved a']);
    expect(receiver.received[1]!.text).toBe('shop: resolved, slow. It was: reason a');
  });

  test('of several workers, one tells', async () => {
    await holds(0, [finding('a'), finding('b')]);
    const sent = await Promise.all(Array.from({ length: 8 }, (_, n) => send(0, `w${n}`)));
    expect(sent.reduce((sum, one) => sum + one.sent, 0)).toBe(2);
    expect(told().sort()).toEqual(['finding a', 'finding b']);
  });

  test('what comes and goes is told once an hour at most, and what gets worse is told again', async () => {
    await holds(0, [finding('a')]);
    await send(0);
    await holds(0.1, []);
    await send(0.1);
    await holds(0.2, [finding('a')]);
    await send(0.2);
    expect(told()).toEqual(['finding a', 'resolved a']);
    await holds(1, [finding('a')]);
    await send(1);
    expect(told().slice(2)).toEqual(['finding a']);
    await holds(3, [finding('a', { severity: 'red' })]);
    await send(3);
    await holds(9, [finding('a')]);
    await send(9);
    await holds(10, [finding('a', { severity: 'red' })]);
    await send(10);
    expect(told().slice(3)).toEqual(['finding a']);
  });

  test('what was told as amber and turns red does not wait for the hour', async () => {
    const red = finding('a', { severity: 'red' });
    await holds(0, [finding('a')]);
    await send(0);
    await holds(1 / 60, [red]);
    expect([await send(1 / 60), await send(2 / 60)]).toEqual([{ sent: 1 }, { sent: 0 }]);
    expect(receiver.received.map(({ finding: one }) => (one as Finding).severity)).toEqual(['amber', 'red']);
    // From red to amber and back is the same again.
    await holds(0.1, [finding('a')]);
    await holds(0.2, [red]);
    expect(await send(0.2)).toEqual({ sent: 0 });
    await holds(0.3, []);
    await holds(0.4, [red]);
    expect(await send(0.4)).toEqual({ sent: 0 });
  });

  test('are tried again when the webhook fails: at once, then in later rounds, ever more seldom', async () => {
    await holds(0, [finding('a'), finding('b')]);
    receiver.answers = [503, 503, 503];
    expect(await send(0)).toEqual({ sent: 0, failure: 'status 503' });
    expect(receiver.tries).toBe(3);
    // The one that failed waits; the webhook is there again for the other.
    expect(await send(0.001)).toEqual({ sent: 1 });
    expect(told()).toEqual(['finding b']);
    expect(await send(31 / 3_600)).toEqual({ sent: 1 });
    expect(told()).toEqual(['finding b', 'finding a']);
    await holds(2, [finding('c')], ['shape-a', 'shape-b', 'shape-c']);
    const untilIn = async () => {
      const { claim } = (await stats().findOne({ _id: 'finding:c' })) as unknown as {
        claim: { until: Date };
      };
      return (claim.until.getTime() - at(2).getTime()) / 1_000;
    };
    for (const seconds of [30, 60, 120]) {
      receiver.answers = [404];
      await stats().updateOne({ _id: 'finding:c' }, { $unset: { claim: true } } as never);
      await stats().deleteMany({ _id: { $ne: 'finding:c' } });
      await send(2);
      expect(await untilIn()).toBe(seconds);
    }
  });

  test('the gravest are told first', async () => {
    await holds(0, [
      ...Array.from({ length: 14 }, (_, n) => finding(`a${n}`)),
      finding('z', { severity: 'red' }),
    ]);
    await send(0);
    expect(told()[0]).toBe('finding z');
  });

  test('more than ten wait for the next round', async () => {
    await holds(
      0,
      Array.from({ length: 12 }, (_, n) => finding(`f${n}`)),
    );
    expect([await send(0), await send(0.1)]).toEqual([{ sent: 10 }, { sent: 2 }]);
    expect(new Set(told()).size).toBe(12);
  });
});

describe('a webhook', () => {
  const failure = async (more: object) => {
    const error = await post({ url: receiver.url, waitMs: 1, ...more }, {}).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(WebhookError);
    expect(String((error as Error).stack)).not.toMatch(/T0P53CR3T|127\.0\.0\.1/);
    expect((error as Error).cause).toBeUndefined();
    return (error as Error).message;
  };
  test.each([
    ['503', [503, 503, 503], 'status 503', 3],
    ['429', [429, 429, 429], 'status 429', 3],
    ['401', [401], 'status 401', 1],
    ['a redirect, which is not followed', [302], 'status 302', 1],
    ['silence', ['hang', 'hang', 'hang'], 'no answer in 500 ms', 3],
  ] as [string, (number | 'hang')[], string, number][])(
    'that answers %s',
    async (_, answers, message, tries) => {
      receiver.answers = answers;
      expect(await failure(answers.includes('hang') ? { timeoutMs: 500 } : {})).toBe(message);
      expect(receiver.tries).toBe(tries);
    },
  );

  test('with a name and a password in its address is sent them as a header', async () => {
    await post({ url: receiver.url.replace('//', '//ada:s%40cret@') }, { kind: 'finding' });
    expect(receiver.authorization).toBe(`Basic ${Buffer.from('ada:s@cret').toString('base64')}`);
    await post({ url: receiver.url }, { kind: 'finding' });
    expect(receiver.authorization).toBeUndefined();
  });

  test('that is not there', async () => {
    expect(await failure({ url: 'http://127.0.0.1:1/T0P53CR3T' })).toMatch(/^(ECONNREFUSED|no connection)$/);
  });

  test('is reached at the second try', async () => {
    receiver.answers = [500];
    await post({ url: receiver.url, waitMs: 1 }, { kind: 'x', text: 'y' });
    expect(receiver.received).toEqual([{ kind: 'x', text: 'y' }]);
  });
});

describe('the digest of a week', () => {
  afterEach(() => stats().deleteMany({}));
  const stored = (id: string, more: Partial<StoredFinding> = {}): StoredFinding => ({
    ...finding(id),
    first: at(0),
    last: at(0),
    ...more,
  });
  const send = (now: Date, open: readonly StoredFinding[] = [stored('a')]) =>
    sendDigest({
      db,
      product: 'shop',
      webhook: { url: receiver.url, waitMs: 1 },
      findings: () => [{ product: 'shop', open }],
      now,
    });

  test('has at most five actions, the gravest first, and what one remedy mends once', () => {
    const open = [
      stored('a', { severity: 'info' }),
      stored('b', { remedy: 'advise' }),
      stored('c', { remedy: 'advise', rule: 'collection-scan' }),
      stored('d', { severity: 'red' }),
      ...['e', 'f', 'g'].map((id) => stored(id)),
    ];
    const actions = actionsFor([
      { product: 'shop', open },
      { product: 'news', open: [stored('h', { severity: 'red' })] },
    ]);
    expect(actions.map(({ product, remedy, findings }) => `${product} ${remedy} ${findings}`)).toEqual([
      'shop remedy d 1',
      'news remedy h 1',
      'shop advise 2',
      'shop remedy e 1',
      'shop remedy f 1',
    ]);
  });

  test('comes once on Monday, whoever else sends, and not in the week of the first start', async () => {
    const monday = (week: number, hour: number) => new Date(Date.UTC(2026, 5, 15 + week * 7, hour));
    expect(await send(monday(0, 12))).toBe(false);
    expect(await send(monday(1, 7))).toBe(false);
    const sent = await Promise.all(Array.from({ length: 6 }, () => send(monday(1, 8))));
    expect(sent.filter(Boolean)).toHaveLength(1);
    expect(await send(monday(1, 9))).toBe(false);
    expect(receiver.received).toMatchObject([
      {
        kind: 'digest',
        products: ['shop'],
        actions: [{ product: 'shop', remedy: 'remedy a', severity: 'amber' }],
      },
    ]);
    expect(receiver.received[0]!.text).toBe(
      'What to do this week (1 of 1 findings, 1 products):\n1. shop: amber. reason a What to do: remedy a',
    );
    receiver.answers = [400];
    await expect(send(monday(2, 8), [])).rejects.toThrow('status 400');
    expect(await send(monday(2, 9), [])).toBe(true);
    expect(receiver.received[1]!.text).toBe('Nothing to do: 1 products, no findings.');
  });

  test('a week begins on Monday at eight', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), (now) => {
        const week = weekOf(now);
        expect(week.getUTCDay()).toBe(1);
        const since = now.getTime() - week.getTime() - 8 * HOUR_MS;
        expect(since).toBeGreaterThanOrEqual(0);
        expect(since).toBeLessThan(7 * 24 * HOUR_MS);
      }),
    );
  });
});
