import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { escaped, formOf } from './regex.js';
import { Sample } from '../explain/sample.js';

let client: mongo.MongoClient;
let db: mongo.Db;
beforeAll(async () => {
  client = await new mongo.MongoClient(inject('mongodAdminUri')).connect();
  db = client.db(`t${randomBytes(4).toString('hex')}_regex`);
  await db.collection('names').createIndex({ name: 1 });
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
});

/** Whether the server reads a part of an index. */
async function isRange(test: unknown): Promise<boolean> {
  const answer = await db.command({
    explain: { find: 'names', filter: { name: test }, hint: { name: 1 } },
    verbosity: 'queryPlanner',
  });
  const bounds = /"indexBounds":\{"name":\["(\[.*?[^\\])"/.exec(JSON.stringify(answer))?.[1];
  expect(bounds).toBeDefined();
  return !bounds!.startsWith(String.raw`[\"\",`);
}

test.each([
  '^abc',
  '^ab*',
  '^a+',
  '^a{2}',
  'abc',
  '^a*',
  '^a?b',
  '^',
  '^$',
  '^.a',
  '^(a|b)',
  '^[ab]',
  '^a|b',
  '^a$|^b$',
  '^Ärger',
  '^ a',
  '^-1',
  '^#a',
  '^]',
  '^{',
  '^^a',
  '^,',
  '^\\+49',
  '^\\.com',
  '^\\/blog',
  '^\\|a',
  '^a\\|b',
  '^\\d',
  '^\\w',
  '^\\*',
  '^\\**a',
  '^\\++',
  '^\\?',
  '^\\\\a',
])('%s reads a range where the server does', async (source) => {
  for (const options of ['', 's', 'i', 'm', 'is']) {
    const isKnown = formOf(source, options) === '^?';
    expect([options, isKnown]).toEqual([options, await isRange({ $regex: source, $options: options })]);
  }
  const expression = new RegExp(source);
  expect(formOf(expression)).toBe(formOf(source));
});

test.each(['Ada', 'Ärger', '+49 30', '.com', '(a|b)', '\\d', '😀', 'a*b'])(
  'a beginning of %s is one, and finds it',
  async (name) => {
    await db.collection<{ name: string }>('names').insertOne({ name });
    const piece = `^${new Sample([{ name }]).at('name').piece(true)}`;
    expect(formOf(piece)).toBe('^?');
    expect(await isRange({ $regex: piece })).toBe(true);
    expect(await db.collection('names').findOne({ name: { $regex: piece } })).toMatchObject({ name });
    expect(escaped('Ada-1 b')).toBe('Ada\\-1\\ b');
  },
);
