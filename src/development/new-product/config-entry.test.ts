import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { addProduct } from './config-entry.js';

const minimal = `import { defineGateway, defineProduct } from 'bulkhead';

export default defineGateway({
  products: {},
});
`;
const parses = (text: string) => parseSync('bulkhead.config.ts', text).errors.map(({ message }) => message);

describe('addProduct', () => {
  it.each([
    ['no product yet', minimal],
    ['an empty block', minimal.replace('{},', '{\n  },')],
    [
      'a product without a comma behind it',
      minimal.replace('{},', '{\n    one: defineProduct({ schema, resolvers })\n  },'),
    ],
    ['all on one line', minimal.replace('{},', '{ one: defineProduct({ schema, resolvers }) },')],
    [
      'braces in texts and comments',
      minimal.replace('{},', "{ // } }\n    one: defineProduct({ name: '}}{' /* } */ }),\n  },"),
    ],
    ['this very project', readFileSync(new URL('../../../bulkhead.config.ts', import.meta.url), 'utf8')],
  ])('adds an entry to %s', (_, text) => {
    const changed = addProduct(text, 'flight-school')!;
    expect(parses(changed)).toEqual([]);
    expect(changed).toContain(`    'flight-school': defineProduct({`);
    expect(changed).toContain(`import { flightSchoolSchema } from './schema/flight-school/index.js';`);
    // What was there is there still, in its order.
    const added = new Set(changed.split('\n').filter((line) => !text.split('\n').includes(line)));
    expect(added.size).toBeLessThan(12);
    const twice = addProduct(changed, 'shop')!;
    expect(parses(twice)).toEqual([]);
    expect(twice.indexOf('flight-school')).toBeLessThan(twice.lastIndexOf('shop: defineProduct'));
  });

  it('puts the entry inside the products, and nowhere else', () => {
    const text = minimal.replace(
      '{},\n',
      "{\n    one: defineProduct({ products: 'no' }),\n  },\n  composed: 'off',\n",
    );
    const changed = addProduct(text, 'shop')!;
    expect(parses(changed)).toEqual([]);
    expect(changed.indexOf('shop: defineProduct')).toBeLessThan(changed.indexOf("composed: 'off'"));
  });

  it.each([
    ['products made elsewhere', minimal.replace('products: {}', 'products')],
    ['products in two places', `${minimal}\nconst other = { products: { } };`],
    ['a comment that only looks like it', minimal.replace('products: {},', '// products: {},')],
    ['defineProduct from nowhere', minimal.replace(', defineProduct', '')],
    ['nothing at all', ''],
  ])('leaves %s alone', (_, text) => {
    expect(addProduct(text, 'shop')).toBeUndefined();
  });
});
