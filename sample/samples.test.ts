import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { type LoadSample } from 'bulkhead';
import mongoose, { mongo } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { aviationSchema } from '../schema/aviation/index.js';
import { blogSchema } from '../schema/blog/index.js';
import { collectionOf, modelNameOf, schemaOf } from '../src/database/schema.js';
import { Account, Transfer } from '../src/ledger/index.js';
import { aviationCounts, aviationSample } from './aviation/index.js';
import { BATCH_SIZE } from './batch.js';
import { blogCounts, blogSample } from './blog/index.js';
import { collect } from './collect.js';
import { SAMPLE_UNTIL } from './time.js';

type Documents = ReturnType<typeof collect>;

/** What a document refers to: field, then the collection its value is an `_id` of. */
const REFERENCES: Record<string, Record<string, Record<string, string>>> = {
  blog: { posts: { author: 'users' }, comments: { author: 'users', post: 'posts' } },
  aviation: {
    questions: { subject: 'subjects' },
    students: { user: 'users' },
    attempts: { student: 'students', user: 'users', question: 'questions' },
    'ledger.accounts': { owner: 'students', user: 'users' },
    'ledger.transfers': { from: 'ledger.accounts', to: 'ledger.accounts', users: 'users' },
  },
};

const products: [string, LoadSample, (scale: number) => Record<string, number>, typeof aviationSchema][] = [
  ['blog', blogSample, blogCounts, blogSchema as unknown as typeof aviationSchema],
  [
    'aviation',
    aviationSample,
    aviationCounts,
    [...aviationSchema, Account, Transfer] as typeof aviationSchema,
  ],
];

describe.each(products)('the %s sample', (product, load, countsAt, classes) => {
  const passwordHash = 'a hash';
  const sizesOf = (documents: Documents) =>
    Object.fromEntries([...documents].map(([collection, list]) => [collection, list.length]));
  let everyday: Documents;
  beforeAll(() => {
    everyday = collect(load({ scale: 1, passwordHash }));
  });

  it('is the same, byte for byte, each time', () => {
    const digest = () => {
      const hash = createHash('sha256');
      for (const { documents } of load({ scale: 0.2, passwordHash }))
        hash.update(mongo.BSON.serialize({ documents }));
      return hash.digest('hex');
    };
    expect(digest()).toBe(digest());
  });

  it.each([0.01, 0.13, 1, 2])('has as many documents as announced at scale %d', (scale) => {
    const documents = scale === 1 ? everyday : collect(load({ scale, passwordHash }));
    expect(sizesOf(documents)).toMatchObject(countsAt(scale));
    for (const list of documents.values()) expect(list.length).toBeGreaterThanOrEqual(5);
  });

  it('refuses a scale that is not above zero', () => {
    expect(() => collect(load({ scale: 0, passwordHash }))).toThrow('expected a number above 0, got 0');
  });

  it('is made lazily, in batches that stay small', () => {
    // Made whole, this would take minutes and more memory than there is.
    const [first] = load({ scale: 1_000, passwordHash });
    expect(first?.documents.length).toBeGreaterThan(0);
    for (const { documents } of load({ scale: 0.5, passwordHash })) {
      expect(documents.length).toBeLessThanOrEqual(BATCH_SIZE);
    }
  });

  it('dates every document, in order and before the end', () => {
    for (const list of everyday.values()) {
      const wrong = list.filter(({ createdAt, updatedAt }) => {
        const dated = createdAt instanceof Date && updatedAt instanceof Date;
        return !(dated && createdAt <= updatedAt && updatedAt < SAMPLE_UNTIL);
      });
      expect(wrong).toEqual([]);
    }
  });

  it('refers only to documents that exist, and that existed by then', () => {
    const born = new Map<string, Map<string, number>>();
    for (const [collection, list] of everyday) {
      born.set(
        collection,
        new Map(list.map((one) => [String(one['_id']), (one['createdAt'] as Date).getTime()])),
      );
      expect(born.get(collection)?.size).toBe(list.length);
    }
    for (const [collection, fields] of Object.entries(REFERENCES[product] ?? {})) {
      const wrong = (everyday.get(collection) ?? []).filter((one) =>
        Object.entries(fields).some(([field, target]) =>
          [one[field]].flat().some((reference) => {
            if (reference === null) return false;
            const since = born.get(target)?.get((reference as mongoose.Types.ObjectId).toHexString());
            return since === undefined || since > (one['createdAt'] as Date).getTime();
          }),
        ),
      );
      expect(wrong.slice(0, 3)).toEqual([]);
    }
  });

  it('has a demo user, one address per user, and addresses that reach nobody', () => {
    const users = everyday.get('users') ?? [];
    const emails = users.map(({ email }) => String(email));
    expect(emails[0]).toBe('demo@example.org');
    expect(new Set(emails).size).toBe(emails.length);
    expect(emails.slice(1).filter((email) => !/^[a-z]+\.[a-z]+\.\d+@example\.org$/.test(email))).toEqual([]);
    expect(new Set(users.map((user) => user['passwordHash']))).toEqual(new Set([passwordHash]));
  });

  it('has sign-ups that grow, with days without any', () => {
    const days = (everyday.get('users') ?? []).map(({ createdAt }) =>
      (createdAt as Date).toISOString().slice(0, 10),
    );
    expect(new Set(days).size).toBeLessThan(350);
    const half = days.filter((day) => day < '2026-05-20').length;
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(days.length / 2);
  });

  it('holds what the classes promise, and nothing else', async () => {
    const local = new mongoose.Mongoose();
    // Every class first, since references name other models.
    for (const target of classes) local.model(modelNameOf(target), schemaOf(target).clone());
    for (const target of classes) {
      const Model = local.model(modelNameOf(target));
      await expect(new Model({}).validate()).rejects.toThrow('validation failed');
      const paths = new Set(Object.keys(Model.schema.paths));
      const documents = everyday.get(collectionOf(target)) ?? [];
      const step = Math.max(1, Math.floor(documents.length / 200));
      for (const document of documents.filter((_, n) => n % step === 0)) {
        expect(Object.keys(document).filter((key) => !paths.has(key))).toEqual([]);
        await new Model(document).validate();
      }
    }
    const collections = new Set(classes.map(collectionOf));
    expect([...everyday.keys()].filter((collection) => !collections.has(collection))).toEqual([]);
  });
});
