import { mongo } from 'mongoose';
import { expect, test } from 'vitest';
import { wordsOfDriverError } from './driver-words.js';

const BUILD =
  'Index build failed: 7d761c23-9e0f-4bb4-8482-2ee69320ccaa: Collection lab.places ( 6730c926-3d77-406e-8c7d-39c4222a79c3 ) :: caused by :: ';
const said = (code: number, codeName: string, errmsg: string) =>
  wordsOfDriverError(new mongo.MongoServerError({ code, codeName, errmsg }));

test.each([
  [
    16_755,
    'Location16755',
    `${BUILD}Can't extract geo keys: { _id: 1, patient: "Alice" }`,
    'the server refuses it with code 16755',
  ],
  [2, 'BadValue', 'no such thing as Alice', 'the server refuses it with 2 BadValue'],
  [
    11_000,
    'DuplicateKey',
    `${BUILD}E11000 duplicate key error collection: lab.places index: a_1 dup key: { a: "Alice" }`,
    'E11000 duplicate key error collection: lab.places index: a_1',
  ],
  [
    171,
    'CannotIndexParallelArrays',
    `${BUILD}cannot index parallel arrays [b] [a]`,
    'cannot index parallel arrays [b] [a]',
  ],
  [
    13,
    'Unauthorized',
    'not authorized on lab to execute command { createIndexes: "places", indexes: [], lsid: { id: UUID("4b") }, $db: "lab" }',
    'not authorized on lab to execute command createIndexes',
  ],
])('code %i (%s) is told without content of documents', (code, name, message, words) => {
  expect(said(code, name, message)).toBe(words);
});

test('what is no answer of the server is told as it is, without secrets', () => {
  expect(wordsOfDriverError(new Error('no route to mongodb://u:p@db/lab'))).toBe(
    'no route to mongodb://db/lab',
  );
});
