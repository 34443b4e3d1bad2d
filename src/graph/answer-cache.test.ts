import { expect, test } from 'vitest';
import type { Writer } from '../database/models.js';
import type { Reader, Row } from '../database/reader.js';
import { index, modelOptions, prop } from '@typegoose/typegoose';
import { AnswerCache, type KeptAnswer } from './answer-cache.js';
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

const command = { comment: 'bulkhead:test:-:Query.answer', maxTimeMS: 1_000 };
const nothingKept: Reader = {
  find: async () => [],
  load: async () => new Map(),
  aggregate: async () => [],
};
const unwritable = { upsert: () => Promise.reject(new Error('read-only')) } as unknown as Writer<KeptAnswer>;

/** Two operations of one product: caches of their own, one set of answers under way. */
function operations() {
  const underWay = new Map<string, Promise<Row[]>>();
  const create = () => new AnswerCache(Answer, nothingKept, unwritable, underWay);
  return { one: create(), other: create(), underWay };
}

test('an answer that several operations ask for at once is computed once, and costs nobody a failed write', async () => {
  const { one, other, underWay } = operations();
  let computed = 0;
  const work = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    computed += 1;
    return [{ n: computed }];
  };
  const answers = await Promise.all(
    [one, other, one].map((cache) => cache.answer(['q', 1], 1_000, command, work)),
  );
  expect(answers).toEqual([[{ n: 1 }], [{ n: 1 }], [{ n: 1 }]]);
  expect(underWay.size).toBe(0);
});

test('what the answer depends on keeps answers apart', async () => {
  const { one, other } = operations();
  const answers = await Promise.all([
    one.answer(['q', { rows: 'mine' }], 1_000, command, async () => [{ whose: 'mine' }]),
    other.answer(['q', { rows: 'yours' }], 1_000, command, async () => [{ whose: 'yours' }]),
  ]);
  expect(answers).toEqual([[{ whose: 'mine' }], [{ whose: 'yours' }]]);
});

test('an operation whose leader failed computes its own', async () => {
  const { one, other } = operations();
  let failed = false;
  const leader = one.answer('q', 1_000, command, async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    failed = true;
    throw new Error('its client has gone');
  });
  const follower = other.answer('q', 1_000, command, async () => [{ ok: failed }]);
  await expect(leader).rejects.toThrow('its client has gone');
  expect(await follower).toEqual([{ ok: true }]);
});
