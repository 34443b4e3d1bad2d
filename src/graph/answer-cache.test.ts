import { setTimeout as sleep } from 'node:timers/promises';
import { index, modelOptions, prop } from '@typegoose/typegoose';
import { expect, test } from 'vitest';
import type { AggregatePlan, CommandScope, Reader, Row } from '../database/reader.js';
import { AnswerCache, type KeptPlan } from './answer-cache.js';
import { Entity } from './entity.js';

@modelOptions({ schemaOptions: { collection: 'answers' } })
@index({ key: 1 }, { unique: true })
class Answer extends Entity {
  @prop({ type: String, required: true })
  key!: string;

  @prop({ type: () => [Object], required: true })
  answer!: unknown;

  @prop({ type: Date, required: true })
  expiresAt!: Date;
}

const LIMIT_MS = 300;
const asked = (name: string, rows: Row = {}): KeptPlan => ({
  coordinate: `Query.${name}`,
  plan: { collection: 'rows', rows, pipeline: [] },
  keepMs: 1_000,
});

/** An operation, until it is ended. */
function operation() {
  const controller = new AbortController();
  const command = {
    comment: 'bulkhead:test:-:Query.answer',
    maxTimeMS: 1_000,
    signal: controller.signal,
  };
  return { command, leave: () => controller.abort(new Error('The client has gone.')) };
}

/** A cache in which nothing was kept before, over a database that takes its time. */
function cache({
  readMs = 20,
  upsert = () => Promise.reject(new Error('read-only')),
}: {
  readonly readMs?: number;
  readonly upsert?: (filter: object, change: object) => Promise<void>;
} = {}) {
  const reads: CommandScope[] = [];
  const holding = new Set<AbortSignal>();
  const aggregate = async (plan: AggregatePlan, scope: CommandScope): Promise<Row[]> => {
    reads.push(scope);
    const n = reads.length;
    await sleep(readMs, undefined, { signal: scope.signal! });
    return [{ n, rows: plan.rows }];
  };
  const reader: Reader = { find: async () => [], load: async () => new Map(), aggregate };
  const answers = new AnswerCache({
    target: Answer,
    writer: () => ({ upsert }),
    limitMs: LIMIT_MS,
    hold: (signal) => {
      holding.add(signal);
      return () => holding.delete(signal);
    },
  });
  const ask = (plan = asked('answer'), by = operation()) =>
    answers.answer(plan, by.command, { reader, mayWrite: true });
  return { answers, ask, reads, holding };
}

test('an answer that several operations ask for at once is computed once, and costs nobody a failed write', async () => {
  const { ask, reads, answers } = cache();
  const given = await Promise.all([ask(), ask(), ask()]);
  expect(given).toEqual(Array.from({ length: 3 }, () => [{ n: 1, rows: {} }]));
  expect(reads).toHaveLength(1);
  await expect.poll(() => answers.underWay).toBe(0);
});

test('what the answer depends on keeps answers apart', async () => {
  const { ask } = cache();
  const rows = [{ whose: 'mine' }, { whose: 'yours' }];
  const given = await Promise.all(rows.map((one) => ask(asked('q', one))));
  expect(given).toMatchObject([[{ rows: rows[0] }], [{ rows: rows[1] }]]);
});

test('whoever has begun it may go away: the others have their answer of the same read', async () => {
  const { ask, reads } = cache();
  const first = operation();
  const gone = ask(asked('answer'), first).catch((error: unknown) => error);
  const others = Array.from({ length: 60 }, () => ask());
  await sleep(5);
  first.leave();
  expect(await gone).toMatchObject({ message: 'The client has gone.' });
  expect(new Set((await Promise.all(others)).map((rows) => rows[0]!['n']))).toEqual(new Set([1]));
  expect(reads).toHaveLength(1);
});

test('it is cancelled when nobody waits for it any more, and begun anew for whoever comes then', async () => {
  const { ask, reads, answers, holding } = cache({ readMs: 100 });
  const both = [operation(), operation()];
  const gone = both.map((by) => ask(asked('answer'), by).catch((error: unknown) => error));
  await sleep(5);
  both[0]!.leave();
  expect(reads[0]!.signal!.aborted).toBe(false);
  both[1]!.leave();
  expect(reads[0]!.signal!.aborted).toBe(true);
  expect(holding.size).toBe(0);
  const [answer] = await ask();
  expect(answer).toMatchObject({ n: 2 });
  for (const one of gone) expect(await one).toMatchObject({ message: 'The client has gone.' });
  await expect.poll(() => answers.underWay).toBe(0);
});

test('one that takes longer than an operation may is computed once in that time, however many ask', async () => {
  const { ask, reads } = cache({ readMs: 10_000 });
  const all: Promise<unknown>[] = [];
  for (let n = 0; n < 20; n += 1) {
    all.push(ask().catch((error: unknown) => error));
    await sleep(20);
  }
  expect(reads.length).toBeLessThanOrEqual(3);
  // Its time is its own, not what was left to whoever has begun it.
  expect(reads[0]!.maxTimeMS).toBe(LIMIT_MS);
  for (const error of await Promise.all(all)) expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
});

test('what it has read is held to the end of the last operation that has it', async () => {
  const { ask, holding } = cache();
  const both = [operation(), operation()];
  await Promise.all(both.map((by) => ask(asked('answer'), by)));
  expect(holding.size).toBe(1);
  both[0]!.leave();
  expect(holding.size).toBe(1);
  both[1]!.leave();
  expect(holding.size).toBe(0);
});

test('nobody waits for it to be written, and who asks meanwhile has the same', async () => {
  const writes: object[] = [];
  let written!: () => void;
  const { ask, reads, answers } = cache({
    upsert: (_, change) => {
      writes.push(change);
      return new Promise<void>((resolve) => (written = resolve));
    },
  });
  const given = [await ask(), await ask()];
  expect(given).toEqual([[{ n: 1, rows: {} }], [{ n: 1, rows: {} }]]);
  expect([reads.length, writes.length, answers.underWay]).toEqual([1, 1, 1]);
  written();
  await expect.poll(() => answers.underWay).toBe(0);
});

test('where the database takes no writes, few are tried, none is waited for, and memory keeps nothing for long', async () => {
  let writes = 0;
  const { ask, answers } = cache({
    upsert: () => {
      writes += 1;
      return new Promise<void>(() => {});
    },
  });
  const given = await Promise.all(Array.from({ length: 40 }, (_, n) => ask(asked(`answer${n}`))));
  expect(given.flat()).toHaveLength(40);
  expect(writes).toBe(2);
  await expect.poll(() => answers.underWay, { timeout: 3_000 }).toBe(0);
  await ask();
  expect(writes).toBe(2);
});
