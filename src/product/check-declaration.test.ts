import { expect, test } from 'vitest';
import { StartError } from '../errors/bulkhead-error.js';
import { defineGateway, type GatewayOptions } from './gateway.js';
import { defineProduct, type ProductOptions } from './product.js';

class Thing {}
const good: ProductOptions = { schema: [Thing], resolvers: [Thing] };

/** What is wrong with a gateway that was declared in JavaScript. */
const problemsOf = (gateway: object): readonly string[] => {
  try {
    defineGateway(gateway as GatewayOptions);
    return [];
  } catch (error) {
    if (error instanceof StartError) return error.problems;
    throw error;
  }
};
const ofProduct = (options: object): readonly string[] =>
  problemsOf({ products: { shop: defineProduct({ ...good, ...options }) } });

test('what is declared well passes', () => {
  const limits = { deadlineMs: 2 ** 30, tokens: 1 };
  const options: ProductOptions = {
    ...good,
    public: 'read',
    operations: 'safelist',
    ledger: { unit: 'credits' },
    critical: [],
    signIns: { user: Thing, session: Thing },
    answers: Thing,
    sample: () => [],
    cors: ['https://shop.example'],
    wideCredential: 'one server of ours',
    limits,
  };
  const products = { shop: defineProduct(options), blog: defineProduct(good) };
  const gateway = defineGateway({
    products,
    composed: 'public',
    alerts: { webhook: 'https://hooks.example/1' },
  });
  expect(gateway.products['shop']?.limits).toMatchObject({ ...limits, depth: 12 });
});

test.each<[object, string]>([
  [{ operations: 'safe' }, "operations: expected 'open', 'log' or 'safelist', got 'safe'."],
  [{ operation: 'safelist' }, 'operation: there is no such option.'],
  [{ public: 'red' }, "public: expected 'read', got 'red'."],
  [{ public: true }, "public: expected 'read', got true."],
  [{ cors: 'https://a.example' }, "cors: expected a list of origins, got 'https://a.example'."],
  [{ ledger: {} }, 'ledger.unit: expected a name of the unit, got undefined.'],
  [{ wideCredential: true }, 'wideCredential: expected a reason, got true.'],
  [{ signIns: { user: Thing } }, 'signIns.session: expected a class, got undefined.'],
  [{ schema: [] }, 'schema: expected at least one class, got none.'],
  [{ schema: undefined }, 'schema: expected a list of classes, got undefined.'],
  [{ resolvers: [null] }, 'resolvers.0: expected a class, got null.'],
  [{ limits: { nope: 1 } }, 'limits.nope: there is no such option.'],
  [{ limits: 5 }, 'limits: expected limits by their names, got 5.'],
  ...[3e9, 0, 1.5, '5', undefined].map((value): [object, string] => [
    { limits: { deadlineMs: value } },
    `limits.deadlineMs: expected a whole number from 1 to 1073741824, got ${typeof value === 'string' ? `'${value}'` : value}.`,
  ]),
])('a product with %o is refused', (options, problem) => {
  expect(ofProduct(options)).toEqual([`shop: ${problem}`]);
});

test.each<[object, string]>([
  [{ products: null }, 'products: expected products by their names, got null.'],
  [{ products: {} }, 'products: expected at least one, got none.'],
  [{ products: { shop: null } }, 'shop: expected a product that defineProduct has made, got null.'],
  [{ composed: 'x' }, "composed: expected 'off', 'operators' or 'public', got 'x'."],
  [{ compose: 'off' }, 'compose: there is no such option.'],
  [{ alerts: {} }, 'alerts.webhook: expected an address starting with https:// or http://.'],
  [{ alerts: null }, 'alerts: expected a webhook.'],
  [
    { alerts: { webhook: 'hunter2' } },
    'alerts.webhook: expected an address starting with https:// or http://.',
  ],
])('a gateway with %o is refused', (options, problem) => {
  expect(problemsOf({ products: { shop: defineProduct(good) }, ...options })).toEqual([problem]);
});

test('all mistakes of all products are told at once, under their names', () => {
  const shop = defineProduct({ ...good, limits: { depth: 0, operationsPerRequest: 2_000 } });
  const blog = defineProduct({ schema: [], resolvers: [Thing] });
  expect(problemsOf({ products: { shop, blog }, composed: 'x' })).toEqual([
    "composed: expected 'off', 'operators' or 'public', got 'x'.",
    'shop: limits.depth: expected a whole number from 1 to 1073741824, got 0.',
    'shop: limits.operationsPerRequest: expected at most limits.requestsPerMinute, which is 1200, got 2000.',
    'blog: schema: expected at least one class, got none.',
  ]);
});
