/**
 * The stack that tutorials teach, for comparison: Apollo Server, TypeGraphQL, Typegoose models made at import, hydrated
 * documents, and one query per reference. Serves `posts(first, before)` with authors, and nothing else.
 */
import 'reflect-metadata';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { getModelForClass, modelOptions, prop, type Ref } from '@typegoose/typegoose'; // oxlint-disable-line no-restricted-imports
import mongoose from 'mongoose';
import {
  Arg,
  buildSchema,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';

@ObjectType()
@modelOptions({ schemaOptions: { collection: 'users', timestamps: true } })
class User {
  @Field(() => ID)
  id!: string;

  @Field()
  @prop({ type: String, required: true })
  name!: string;

  @prop({ type: String })
  email!: string;

  @prop({ type: String })
  bio?: string;

  @prop({ type: String })
  passwordHash!: string;
}

@ObjectType()
@modelOptions({ schemaOptions: { collection: 'posts', timestamps: true } })
class Post {
  @Field(() => ID)
  id!: string;

  @Field()
  @prop({ type: String, required: true })
  title!: string;

  @prop({ type: String })
  body!: string;

  @prop({ type: String })
  status!: string;

  @Field(() => [String])
  @prop({ type: () => [String] })
  tags!: string[];

  @Field()
  @prop({ type: String })
  authorName!: string;

  @Field(() => User, { nullable: true })
  @prop({ ref: () => User })
  author!: Ref<User>;

  @Field(() => Date, { nullable: true })
  @prop({ type: Date })
  publishedAt?: Date;
}

const UserModel = getModelForClass(User);
const PostModel = getModelForClass(Post);

@Resolver(() => Post)
class PostResolver {
  @Query(() => [Post])
  posts(@Arg('first', () => Int) first: number, @Arg('before', () => Date) before: Date): Promise<Post[]> {
    return PostModel.find({ status: 'PUBLISHED', publishedAt: { $lt: before } })
      .sort({ publishedAt: -1, _id: -1 })
      .limit(first)
      .exec();
  }

  @FieldResolver(() => User, { nullable: true })
  author(@Root() post: Post): Promise<User | null> {
    return UserModel.findById((post as unknown as { _doc: Post })._doc?.author ?? post.author).exec();
  }
}

await mongoose.connect(process.env['NAIVE_MONGODB_URI']!);
const schema = await buildSchema({ resolvers: [PostResolver], validate: false });
const { url } = await startStandaloneServer(new ApolloServer({ schema }), {
  listen: { port: 0, host: '127.0.0.1' },
});
process.send?.({ listening: url });
