import { inspect } from 'node:util';
import { z } from 'zod';
import { checkProductNames } from '../config/names.js';
import { isHttpUrl } from '../config/readers.js';
import type { GatewayOptions } from './gateway.js';
import { DEFAULT_LIMITS, type Product, type ProductOptions } from './product.js';

/** The most of every limit: half of what a timer takes, since a longer one fires at once and some wait two deadlines. */
const MOST = 2 ** 30;

const classForm = z.custom((value) => typeof value === 'function', 'a class');
const classesForm = z.array(classForm, 'a list of classes');
const limit = z.int().min(1).max(MOST);
const limitForm = z.custom((value) => limit.safeParse(value).success, `a whole number from 1 to ${MOST}`);

const productForm = z.strictObject(
  {
    schema: classesForm,
    resolvers: classesForm,
    public: z.literal('read', "'read'").optional(),
    ledger: z
      .strictObject({ unit: z.string('a name of the unit').min(1, 'a name of the unit') }, 'a unit')
      .optional(),
    critical: classesForm.optional(),
    signIns: z
      .strictObject({ user: classForm, session: classForm }, 'two classes, user and session')
      .optional(),
    answers: classForm.optional(),
    sample: z.custom((value) => typeof value === 'function', 'a function').optional(),
    limits: z.strictObject(
      Object.fromEntries(Object.keys(DEFAULT_LIMITS).map((name) => [name, limitForm])),
      'limits by their names',
    ),
    operations: z.enum(['open', 'log', 'safelist'], "'open', 'log' or 'safelist'").optional(),
    cors: z.array(z.string('an origin'), 'a list of origins').optional(),
    wideCredential: z.string('a reason').min(1, 'a reason').optional(),
  } satisfies Record<keyof ProductOptions, z.ZodType>,
  'a product that defineProduct has made',
);

const ADDRESS = 'an address starting with https:// or http://';
const gatewayForm = z.strictObject({
  products: z.record(z.string(), z.unknown(), 'products by their names'),
  composed: z.enum(['off', 'operators', 'public'], "'off', 'operators' or 'public'").optional(),
  alerts: z
    .strictObject(
      { webhook: z.custom((value) => typeof value === 'string' && isHttpUrl(value), ADDRESS) },
      'a webhook',
    )
    .optional(),
} satisfies Record<keyof GatewayOptions, z.ZodType>);

/** What is wrong with a declaration, in words; empty when nothing is. A cast and JavaScript get past the types. */
export function checkDeclaration(gateway: GatewayOptions): string[] {
  const problems = misfits(gatewayForm, gateway);
  const products = Object.entries(gateway.products ?? {});
  if (products.length > 0) problems.push(...checkProductNames(products.map(([name]) => name)));
  else if (problems.length === 0) problems.push('products: expected at least one, got none.');
  for (const [name, product] of products)
    problems.push(...checkProduct(product).map((problem) => `${name}: ${problem}`));
  return problems;
}

function checkProduct(product: Product): string[] {
  const problems = misfits(productForm, product);
  const { operationsPerRequest, requestsPerMinute } = product?.limits ?? DEFAULT_LIMITS;
  if (operationsPerRequest > requestsPerMinute)
    problems.push(
      `limits.operationsPerRequest: expected at most limits.requestsPerMinute, which is ${requestsPerMinute}, got ${operationsPerRequest}.`,
    );
  for (const name of ['schema', 'resolvers'] as const)
    if (product?.[name]?.length === 0) problems.push(`${name}: expected at least one class, got none.`);
  return problems;
}

/** Each place that has not its form, in words. */
function misfits(form: z.ZodType, value: unknown): string[] {
  const { error } = form.safeParse(value);
  return (error?.issues ?? []).flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${[...path, key].join('.')}: there is no such option.`);
    const where = path.length > 0 ? `${path.join('.')}: ` : '';
    // An address may hold a secret.
    const got = path.includes('alerts') ? '' : `, got ${shown(issue.path, value)}`;
    return [`${where}expected ${issue.message}${got}.`];
  });
}

/** What stands at a place, short. */
function shown(path: readonly PropertyKey[], value: unknown): string {
  const found = path.reduce<unknown>((within, key) => (within as Record<PropertyKey, unknown>)?.[key], value);
  return inspect(found, { depth: 0, breakLength: Infinity, maxStringLength: 60 });
}
