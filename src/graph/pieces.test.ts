import { setImmediate as round } from 'node:timers/promises';
import * as fc from 'fast-check';
import { Kind, type OperationDefinitionNode, parse } from 'graphql';
import { Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deadline } from '../compartment/deadline.js';
import { turns } from '../compartment/turns.js';
import { Executor } from './execute.js';
import { Pieces, PIECES } from './pieces.js';
import { buildProductGraph } from './product-graph.js';

@ObjectType()
class Leaf {
  @Field(() => Int)
  at!: number;
}

@ObjectType()
class Branch {
  /** Stands in its parent, as a page's rows do. */
  @Field(() => [Leaf])
  stored!: Leaf[];

  @Field(() => [Leaf])
  async waited(): Promise<Leaf[]> {
    return leaves(this.stored.length);
  }
}

const leaves = (length: number): Leaf[] => Array.from({ length }, (_, at) => ({ at }));
const branches = (length: number): Branch[] =>
  Array.from({ length }, () => Object.assign(new Branch(), { stored: leaves(100) }));

@Resolver()
class TreeResolver {
  @Query(() => [Branch])
  tree(): Branch[] {
    return branches(100);
  }

  @Query(() => [Leaf])
  async long(): Promise<Leaf[]> {
    return leaves(20_000);
  }

  @Query(() => [Leaf])
  async broken(): Promise<unknown[]> {
    return leaves(1_000).map((leaf, at) =>
      at % 400 === 399 ? Promise.reject(new Error(`no ${at}`)) : at === 700 ? new Error('no 700') : leaf,
    );
  }
}

const { schema } = buildProductGraph({ classes: [], resolvers: [TreeResolver], authChecker: () => false });

/** Keeps the processor busy for longer than a slice. */
function work(): void {
  const end = performance.now() + 6;
  while (performance.now() < end);
}

/** Rounds of the event loop, and how often a neighbour had its turn, while a query was executed: interpreted first. */
async function watched(query: string) {
  const document = parse(query);
  const definition = document.definitions.find(
    (one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION,
  )!;
  const executor = new Executor(schema);
  const found = [];
  for (let time = 0; time < 3; time += 1) {
    const deadline = new Deadline('shop', 60_000);
    const context = Object.freeze({
      product: 'shop',
      deadline,
      [PIECES]: new Pieces('shop', deadline.signal),
    });
    const over = new AbortController();
    let rounds = 0;
    const counting = (async () => {
      for (; !over.signal.aborted; rounds += 1) await round();
    })();
    // Taken first, so that the neighbour has to wait for its own.
    await turns.take('shop');
    let neighbours = 0;
    void (async () => {
      for (; !over.signal.aborted; neighbours += 1) {
        await (turns.take('neighbour') ?? round());
        if (neighbours < 5) work();
      }
    })();
    const result = await executor.execute({ document, definition, variables: {}, context: () => context });
    over.abort();
    await counting;
    deadline.close();
    found.push({ ...result, rounds, neighbours });
  }
  return found;
}

const fail = (): never => {
  throw new Error('readable');
};

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a large answer', () => {
  it.each([
    ['of lists in lists', '{ tree { stored { at } } }', { tree: branches(100) }],
    [
      'of lists that are waited for',
      '{ tree { waited { at } } }',
      { tree: branches(100).map(({ stored }) => ({ waited: stored })) },
    ],
    ['of one list', '{ long { at } }', { long: leaves(20_000) }],
  ])('%s leaves turns to others, and is the same', async (_name, query, data) => {
    for (const one of await watched(query)) {
      expect(one.errors).toBeUndefined();
      expect(plain(one.data)).toEqual(plain(data));
      // Eighty pieces and more; in one go, it would be none.
      expect(one.neighbours).toBeGreaterThan(40);
      expect(one.rounds).toBeGreaterThanOrEqual(5);
    }
  });

  it('has the errors of its places, and no promise fails unheard', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown) => unheard.push(reason);
    process.on('unhandledRejection', hear);
    for (const { data, errors } of await watched('{ broken { at } }')) {
      expect(data).toBeNull();
      expect(errors?.length).toBeGreaterThan(0);
    }
    await round();
    process.off('unhandledRejection', hear);
    expect(unheard).toEqual([]);
  });
});

describe('pieces', () => {
  let pieces: Pieces;
  let over: AbortController;
  beforeEach(() => {
    over = new AbortController();
    pieces = new Pieces('shop', over.signal);
  });
  afterEach(() => round());

  it('are given at once where there is one', () => {
    const list = leaves(250);
    expect(pieces.inTurn(list)).toBe(list);
    expect(pieces.inTurn(list)).toBeInstanceOf(Promise);
  });

  it('come in order, none is lost, and what ends in between is heard', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ length: fc.nat({ max: 700 }), kind: fc.constantFrom('list', 'late', 'one') }), {
          maxLength: 12,
        }),
        async (asked) => {
          const some = new Pieces('shop', over.signal);
          const order: number[] = [];
          const given = asked.map(async ({ length, kind }, at) => {
            const value =
              kind === 'one'
                ? await some.awaited(Promise.resolve(at), fail)
                : kind === 'late'
                  ? await some.awaited(Promise.resolve(leaves(length)), fail)
                  : await some.inTurn(leaves(length));
            if (kind === 'list' && length > 0 && length <= 250) order.push(at);
            return Array.isArray(value) ? Promise.all(value as unknown[]) : value;
          });
          const values = await Promise.all(given);
          expect(values).toEqual(asked.map(({ length, kind }, at) => (kind === 'one' ? at : leaves(length))));
          expect(order).toEqual([...order].sort((a, b) => a - b));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('let loaders send when all have begun, so that what they ask for is one batch', async () => {
    const lists = [0, 1, 2].map(() => pieces.inTurn(leaves(250)));
    const seen: string[] = [];
    const begun = lists.map(async (list, at) => {
      await list;
      seen.push(`list ${at}`);
    });
    await new Promise<void>((resolve) => {
      pieces.whenThrough(() => {
        seen.push('batch');
        resolve();
      });
    });
    await Promise.all(begun);
    expect(seen).toEqual(['list 0', 'list 1', 'list 2', 'batch']);
  });

  it('call resolvers in turn, and none of an operation that has ended', async () => {
    const called: number[] = [];
    const calls = Array.from({ length: 600 }, (_, at) => pieces.call(() => called.push(at)));
    expect(called).toHaveLength(250);
    expect(calls[249]).toBe(250);
    const [, later, last] = [calls[249], calls[250], calls[599]] as Promise<unknown>[];
    const ended = (last as Promise<unknown>).catch((error: unknown) => error);
    await later;
    over.abort(new Error('over'));
    expect(await ended).toEqual(new Error('over'));
    await Promise.allSettled(calls as Promise<unknown>[]);
    expect(called).toEqual(Array.from({ length: 500 }, (_, at) => at));
  });

  it('fail in turn, too', async () => {
    const failed = Array.from({ length: 251 }, (_, at) =>
      pieces.awaited(Promise.reject(new Error(String(at))), fail),
    );
    const reasons = (await Promise.allSettled(failed)).map((one) => one.status);
    expect(new Set(reasons)).toEqual(new Set(['rejected']));
  });

  it('fail with the error that is made of theirs', async () => {
    const failed = pieces.awaited(Promise.reject(new Error('driver')), fail);
    await expect(failed).rejects.toThrow('readable');
  });
});
