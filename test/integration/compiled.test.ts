import { BulkheadError, defineGateway } from 'bulkhead';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as compiling from '../../src/graph/compile.js';
import { TestGateway } from '../support/gateway.js';
import { library } from '../support/library.js';

const compiled = vi.spyOn(compiling, 'compile');
const { product, witness } = library();
const log: string[] = [];
let round = 0;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({ products: { library: product } }),
    log: (line) => log.push(line),
  });
});
afterAll(() => gateway.close());

const SECRET = 'mongodb://serve:hunter2@db.example:27017/library';
const asked: [string, string | undefined, (query: string) => string][] = [
  ['the product’s own graph', 'library', (query) => query],
  ['the composed graph', undefined, (query) => `{ library ${query} }`],
];

describe.each(asked)('a compiled query of %s', (_, endpoint, within) => {
  const thrice = async (query: string) => {
    compiled.mockClear();
    const bodies = [];
    for (let time = 0; time < 3; time += 1) bodies.push((await gateway.ask(endpoint, query)).body);
    return bodies;
  };
  const prefix = endpoint ? [] : ['library'];

  test.each([
    ['an error of a resolver', () => new Error(`cannot reach ${SECRET}`), 'INTERNAL_SERVER_ERROR'],
    [
      'an error of the driver',
      () => new mongo.MongoServerError({ message: SECRET }),
      'INTERNAL_SERVER_ERROR',
    ],
    ['an error of the network', () => new mongo.MongoNetworkError(SECRET), 'PRODUCT_UNAVAILABLE'],
    [
      'an error with a code of its own',
      () => Object.assign(new Error(SECRET), { extensions: { code: 'MADE_UP' } }),
      'INTERNAL_SERVER_ERROR',
    ],
    ['an error of the catalogue', () => new BulkheadError('FORBIDDEN', 'Not for you.'), 'FORBIDDEN'],
  ])('answers %s as an interpreted one does, and tells no secret', async (_name, make, code) => {
    witness.failure = make();
    log.length = 0;
    const bodies = await thrice(`query Fail${(round += 1)} ${within('{ fail __typename }')}`);
    expect(compiled.mock.results.map(({ value }) => typeof value)).toEqual(['function']);
    for (const body of bodies) {
      expect(body).toEqual(bodies[0]);
      expect(body.errors).toEqual([
        expect.objectContaining({ path: [...prefix, 'fail'], extensions: expect.objectContaining({ code }) }),
      ]);
      expect(JSON.stringify(body)).not.toContain('hunter2');
    }
    // What is masked is in the log, each time, without its credentials.
    const masked = log.filter((line) => line.includes('unexpected error'));
    expect(masked).toHaveLength(code === 'INTERNAL_SERVER_ERROR' ? 3 : 0);
  });

  test('answers faulty variables as an interpreted one does', async () => {
    const query = `query ($id: ID!) ${within('{ author(id: $id) { name } }')}`;
    const faulty = async () => {
      const { status, body } = await gateway.ask(endpoint, query, { variables: { id: { not: 'an id' } } });
      expect(status).toBe(400);
      expect(body.data).toBeUndefined();
      expect(body.errors).toEqual([
        expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) }),
      ]);
    };
    await faulty();
    const id = String(new mongo.ObjectId());
    for (let time = 0; time < 3; time += 1) {
      const { body } = await gateway.ask(endpoint, query, { variables: { id } });
      expect(endpoint ? body.data : body.data.library).toEqual({ author: null });
    }
    await faulty();
  });

  test('runs once for each time it is asked', async () => {
    const commands = await gateway.commandsOf(() => thrice(within('{ books { title } }')));
    expect(commands).toHaveLength(3);
    expect(new Set(commands.map(({ command }) => command['comment']))).toEqual(
      new Set(['bulkhead:library:-:Query.books']),
    );
  });

  test('is one of the bounded number that are kept', async () => {
    compiled.mockClear();
    for (let n = 0; n < 20; n += 1) await gateway.ask(endpoint, within(`{ n${n}: books { title } }`));
    // A query that does not come again costs no compilation.
    expect(compiled).not.toHaveBeenCalled();
  });
});

test('no plugin wraps the fields: those without a resolver stay without', () => {
  for (const { schema } of gateway.server.targets) {
    const name = schema.getType('Author') ? 'Author' : 'LibraryAuthor';
    const type = schema.getType(name) as unknown as { getFields(): Record<string, { resolve?: unknown }> };
    expect(type.getFields()['name']!.resolve).toBeUndefined();
    expect(type.getFields()['createdAt']!.resolve).toBeUndefined();
  }
});
