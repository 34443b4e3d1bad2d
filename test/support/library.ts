import { modelOptions, prop, type Ref } from '@typegoose/typegoose';
import type { GraphQLResolveInfo } from 'graphql';
import {
  type ClassType,
  defineProduct,
  Entity,
  type Product,
  type ProductContext,
  Requires,
  Rows,
  toObjectId,
} from 'bulkhead';
import {
  Arg,
  Authorized,
  createUnionType,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Info,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
  UseMiddleware,
} from 'type-graphql';

/** What a library's resolvers were given, for tests that look at it. */
export interface Witness {
  readonly contexts: ProductContext[];
  /** The properties of the documents that field resolvers got. */
  readonly roots: string[][];
  /** What `fail` throws. */
  failure: Error;
}

export interface Library {
  readonly product: Product;
  readonly classes: { readonly author: ClassType; readonly book: ClassType; readonly vault: ClassType };
  readonly witness: Witness;
}

/** A small product with every kind of field. Called twice, it makes two products whose classes have the same names. */
export function library(limits: Product['limits'] | object = {}): Library {
  const witness: Witness = { contexts: [], roots: [], failure: new Error('unset') };

  @ObjectType('Author')
  @Rows<Author>(() => 'all')
  @modelOptions({ schemaOptions: { collection: 'authors' } })
  class Author extends Entity {
    @Field()
    @prop({ type: String, required: true })
    name!: string;

    /** Shown under another name. */
    @Field({ name: 'penName' })
    @prop({ type: String, required: true })
    alias!: string;

    @Authorized('admin')
    @Field(() => String, { nullable: true })
    @prop({ type: String })
    address?: string;

    /** A guard and another name at once. */
    @Authorized('admin')
    @Field(() => String, { nullable: true, name: 'bank' })
    @prop({ type: String })
    account?: string;

    @UseMiddleware(async (_, next) => ((await next()) as string).toUpperCase())
    @Field({ name: 'loud' })
    @prop({ type: String, required: true })
    voice!: string;

    @Field()
    @Requires('name', 'alias')
    get signature(): string {
      return `${this.initial()}. alias ${this.alias}`;
    }

    @Authorized('admin')
    @Field()
    @Requires('name')
    get whisper(): string {
      return this.name.toLowerCase();
    }

    initial(): string {
      return this.name.charAt(0);
    }
  }

  /** Guarded as a whole. */
  @Authorized('admin')
  @ObjectType('Vault')
  @Rows<Vault>(() => 'all')
  @modelOptions({ schemaOptions: { collection: 'vaults' } })
  class Vault extends Entity {
    @Field(() => String, { nullable: true })
    @prop({ type: String })
    gold?: string;
  }

  @ObjectType('Book')
  @Rows<Book>(() => 'all')
  @modelOptions({ schemaOptions: { collection: 'books' } })
  class Book extends Entity {
    @Field()
    @prop({ type: String, required: true })
    title!: string;

    @Field(() => Author, { nullable: true })
    @prop({ ref: () => Author })
    author?: Ref<Author>;

    @Authorized('admin')
    @Field(() => Author, { nullable: true })
    @prop({ ref: () => Author })
    ghostwriter?: Ref<Author>;

    @Field(() => Author, { nullable: true, name: 'reviewer' })
    @prop({ ref: () => Author })
    critic?: Ref<Author>;

    /** Those who are gone are left out. */
    @Field(() => [Author])
    @prop({ type: () => [Author], ref: () => Author })
    editors!: Ref<Author>[];

    /** Those who are gone are null. */
    @Field(() => [Author], { nullable: 'itemsAndList' })
    @prop({ type: () => [Author], ref: () => Author })
    readers?: Ref<Author>[];

    @Field(() => Int, { nullable: true })
    @prop({ type: Number })
    pages?: number;
  }

  const Thing = createUnionType({
    name: 'Thing',
    types: () => [Author, Book] as const,
    resolveType: (value) => ('title' in value ? Book : Author),
  });

  @Resolver(() => Book)
  class BookResolver {
    @Query(() => [Book])
    books(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Book[]> {
      witness.contexts.push(context);
      return context.lists.all(Book, { sort: { title: 1 }, limit: 100 }, info);
    }

    @Query(() => Author, { nullable: true })
    author(
      @Arg('id', () => ID) id: string,
      @Ctx() context: ProductContext,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Author | null> {
      return context.loaders.one(Author, id, info);
    }

    @Query(() => [Vault])
    vaults(@Ctx() context: ProductContext, @Info() info: GraphQLResolveInfo): Promise<Vault[]> {
      return context.lists.all(Vault, { sort: { _id: 1 }, limit: 100 }, info);
    }

    @Query(() => [Thing])
    things(): object[] {
      return [{ title: 'Lean' }, { name: 'Lean' }];
    }

    @Query(() => Int, { nullable: true })
    fail(): number {
      throw witness.failure;
    }

    /** No `@Requires`: it gets the whole document. */
    @FieldResolver(() => String)
    summary(@Root() book: Book): string {
      witness.roots.push(Object.keys(book).sort());
      return `${book.title}, ${book.pages} pages`;
    }

    @FieldResolver(() => Int)
    @Requires('pages')
    leaves(@Root() book: Book): number {
      witness.roots.push(Object.keys(book).sort());
      return Math.ceil((book.pages ?? 0) / 2);
    }

    @Mutation(() => Book, { nullable: true })
    async addBook(
      @Arg('title') title: string,
      @Arg('waitMs', () => Int, { defaultValue: 0 }) waitMs: number,
      @Arg('author', () => ID, { nullable: true }) author: string | undefined,
      @Ctx() { models }: ProductContext,
    ): Promise<Book> {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      if (title === '') throw witness.failure;
      const book = await models
        .of(Book)
        .insert({ title, editors: [], pages: 1, ...(author && { author: toObjectId(author, 'author') }) });
      return book as Book;
    }
  }

  return {
    product: defineProduct({
      schema: [Author, Book, Vault],
      resolvers: [BookResolver],
      public: 'read',
      limits,
    }),
    classes: { author: Author, book: Book, vault: Vault },
    witness,
  };
}
