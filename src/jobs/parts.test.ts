import { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { Parts } from './parts.js';

const at = (minutes: number) => new Date(minutes * 60_000);
const refusal = (code: number, codeName: string) =>
  new mongo.MongoServerError({ message: 'BSONObj size', code, codeName });

test('a part that fails is left out for a while, told, and read again', async () => {
  const parts = new Parts();
  let asked = 0;
  const fails = () => {
    asked += 1;
    return Promise.reject(refusal(10_334, 'BSONObjectTooLarge'));
  };
  expect(await parts.read('the week before', at(0), fails, 'nothing')).toBe('nothing');
  expect(await parts.read('the week before', at(14), fails, 'nothing')).toBe('nothing');
  expect(await parts.read('the sizes', at(14), () => Promise.resolve('sizes'), '')).toBe('sizes');
  expect(asked).toBe(1);
  expect(parts.failed).toEqual([
    { part: 'the week before', problem: 'the server refuses it with 10334 BSONObjectTooLarge' },
  ]);
  expect([...parts.unseen]).toEqual(['regression']);
  expect(await parts.read('the week before', at(15), () => Promise.resolve('read'), '')).toBe('read');
  expect([parts.failed, [...parts.unseen]]).toEqual([[], []]);
});

test.each([
  ['nobody there', new mongo.MongoNetworkError('gone')],
  ['a server that goes', refusal(91, 'ShutdownInProgress')],
  ['a password that is refused', refusal(18, 'AuthenticationFailed')],
  ['a fault of ours', new TypeError('no function')],
])('what is no part’s fault ends the round: %s', async (_, error) => {
  const parts = new Parts();
  await expect(parts.read('the sizes', at(0), () => Promise.reject(error), [])).rejects.toBe(error);
  expect(parts.failed).toEqual([]);
});
