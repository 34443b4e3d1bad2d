import { productNames } from '../../config/names.js';

/** A file of a new product, by its path in the project. */
export type NewFiles = Readonly<Record<string, string>>;

/** The names under which `bulkhead.config.ts` imports a product. */
export const bindingsOf = (product: string) => {
  const { field } = productNames(product);
  return { schema: `${field}Schema`, resolvers: `${field}Resolvers` };
};

/** The folders of a new product: a class that refers to another, with an index, its resolver, and the lists of both. */
export function productFiles(product: string): NewFiles {
  const { schema, resolvers } = bindingsOf(product);
  return {
    [`schema/${product}/shelf.ts`]: SHELF,
    [`schema/${product}/item.ts`]: ITEM,
    [`schema/${product}/index.ts`]: `import { Item } from './item.js';
import { Shelf } from './shelf.js';

export { Item, Shelf };

/** Every class that ${product} stores. */
export const ${schema} = [Item, Shelf];
`,
    [`resolvers/${product}/item.resolver.ts`]: itemResolver(product),
    [`resolvers/${product}/index.ts`]: `import { ItemResolver } from './item.resolver.js';

/** What ${product} answers. */
export const ${resolvers} = [ItemResolver];
`,
  };
}

const SHELF = `import { index, modelOptions, prop } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';

/** Where items stand. */
@ObjectType()
@Rows<Shelf>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'shelves' } })
@index({ name: 1 }, { unique: true })
export class Shelf extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 80 })
  name!: string;
}
`;

const ITEM = `import { index, modelOptions, prop, type Ref } from '@typegoose/typegoose';
import { Entity, Rows } from 'bulkhead';
import { Field, ObjectType } from 'type-graphql';
import { Shelf } from './shelf.js';

/** Something that stands on a shelf. */
@ObjectType()
@Rows<Item>(() => 'all')
@modelOptions({ schemaOptions: { collection: 'items' } })
@index({ shelf: 1, _id: 1 })
export class Item extends Entity {
  @Field()
  @prop({ type: String, required: true, trim: true, minlength: 1, maxlength: 200 })
  name!: string;

  // A reference resolves by itself: one command for all items of a page.
  @Field(() => Shelf, { nullable: true })
  @prop({ ref: () => Shelf, required: true })
  shelf!: Ref<Shelf>;
}
`;

const itemResolver = (
  product: string,
): string => `import { type Connection, connectionOf, PageArguments, type ProductContext, toObjectId } from 'bulkhead';
import { Length } from 'class-validator';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Args, Authorized, Ctx, Field, ID, Info, InputType, Mutation, Query, Resolver } from 'type-graphql';
import { Item, Shelf } from '../../schema/${product}/index.js';

const ItemConnection = connectionOf(Item);

@InputType()
export class CreateItemInput {
  @Field()
  @Length(1, 200)
  name!: string;

  @Field(() => ID)
  shelf!: string;
}

@Resolver(() => Item)
export class ItemResolver {
  @Query(() => Item, { nullable: true })
  item(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Item | null> {
    return context.loaders.one(Item, id, info);
  }

  // A filter exists where an index supports it.
  @Query(() => ItemConnection)
  items(
    @Arg('shelf', () => ID, { nullable: true }) shelf: string | null,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Connection<Item>> {
    const filter = shelf === null || shelf === undefined ? {} : { shelf: toObjectId(shelf, 'shelf') };
    return context.lists.page(Item, { filter, order: { key: '_id', direction: 1 } }, page, info);
  }

  @Authorized('write')
  @Mutation(() => Shelf, { nullable: true })
  async createShelf(@Arg('name') name: string, @Ctx() context: ProductContext): Promise<Shelf> {
    return (await context.models.of(Shelf).insert({ name })) as Shelf;
  }

  @Authorized('write')
  @Mutation(() => Item, { nullable: true })
  async createItem(@Arg('input') input: CreateItemInput, @Ctx() context: ProductContext): Promise<Item> {
    const { name, shelf } = input;
    return (await context.models.of(Item).insert({ name, shelf: toObjectId(shelf, 'input.shelf') })) as Item;
  }
}
`;

/** A test against the project's own harness: a real database, real HTTP. */
export const harnessTest = (product: string): NewFiles => ({
  [`resolvers/${product}/${product}.test.ts`]: `import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway } from '../../test/support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.close());

test('items stand on the shelf they were put on, in one command per level', async () => {
  const token = await gateway.service('${product}', '${product}:write');
  const shelf = await gateway.ask('${product}', 'mutation { createShelf(name: "First") { id } }', { token });
  const create = 'mutation ($input: CreateItemInput!) { createItem(input: $input) { shelf { name } } }';
  for (const name of ['lamp', 'rope']) {
    const variables = { input: { name, shelf: shelf.body.data.createShelf.id } };
    const { body } = await gateway.ask('${product}', create, { token, variables });
    expect(body.data.createItem).toEqual({ shelf: { name: 'First' } });
  }

  const commands = await gateway.commandsOf(async () => {
    const { body } = await gateway.ask('${product}', '{ items { nodes { name shelf { name } } } }');
    expect(body.data.items.nodes).toEqual([
      { name: 'lamp', shelf: { name: 'First' } },
      { name: 'rope', shelf: { name: 'First' } },
    ]);
  });
  expect(commands.map(({ name, command }) => \`\${name} \${command[name]}\`)).toEqual(['find items', 'find shelves']);
});

test('nobody writes without being allowed to', async () => {
  const { body } = await gateway.ask('${product}', 'mutation { createShelf(name: "Mine") { id } }');
  expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
});
`,
});

/** A test against the gateway that a repository made by `bulkhead init` starts: a real database, real HTTP. */
export const clientTest = (product: string): NewFiles => ({
  [`resolvers/${product}/${product}.test.ts`]: `import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestGateway } from '../../test/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.close());

test('items stand on the shelf they were put on', async () => {
  const { token } = gateway;
  const shelf = await gateway.ask('${product}', 'mutation { createShelf(name: "First") { id } }', { token });
  const create = 'mutation ($input: CreateItemInput!) { createItem(input: $input) { shelf { name } } }';
  for (const name of ['lamp', 'rope']) {
    const variables = { input: { name, shelf: shelf.body.data.createShelf.id } };
    const { body } = await gateway.ask('${product}', create, { token, variables });
    expect(body.data.createItem).toEqual({ shelf: { name: 'First' } });
  }

  const { body } = await gateway.ask('${product}', '{ items { nodes { name shelf { name } } } }');
  expect(body.data.items.nodes).toEqual([
    { name: 'lamp', shelf: { name: 'First' } },
    { name: 'rope', shelf: { name: 'First' } },
  ]);
});

test('nobody writes without being allowed to', async () => {
  const { body } = await gateway.ask('${product}', 'mutation { createShelf(name: "Mine") { id } }');
  expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
});
`,
});

/** A test for Node's own runner, where a project depends on the package: the product builds, and keeps its contract. */
export const plainTest = (product: string): NewFiles => ({
  [`resolvers/${product}/${product}.test.ts`]: `import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

test('${product} builds, keeps its contract, and refers from items to shelves', () => {
  // Builds the product as the gateway does; needs no database.
  const sdl = execFileSync('npx', ['bulkhead', 'schema', 'print', '${product}'], { encoding: 'utf8' });
  assert.match(sdl, /type Item \\{[^}]*shelf: Shelf/);
});
`,
});
