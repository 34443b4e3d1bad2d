// The compiler is the judge here; the linter's own view of enums would refuse the lines that it must refuse.
// oxlint-disable typescript/no-unsafe-enum-assignment
/**
 * Lines that must not compile. The type check is the test: an `@ts-expect-error` above a line that compiles is an
 * error itself. Nothing here is run.
 */
import { Types } from 'mongoose';
import { Difficulty, Question } from '../../schema/aviation/index.js';
import { Comment, Post, PostStatus } from '../../schema/blog/index.js';
import type { ProductContext } from '../../src/graph/context.js';
import type { Stored } from '../../src/database/models.js';

const post = {
  title: 'Engines',
  body: 'They turn.',
  status: PostStatus.DRAFT,
  tags: ['flying'],
  authorName: 'Ada',
  author: new Types.ObjectId(),
};

/** What a resolver writes is typed by the class. */
export async function writes({ models }: ProductContext): Promise<void> {
  const posts = models.of(Post);
  await posts.insert(post);
  await posts.insert({ ...post, publishedAt: new Date(), _id: new Types.ObjectId() });

  // @ts-expect-error a value that the enum does not have
  await posts.insert({ ...post, status: 'PRINTED' });
  // @ts-expect-error a value of another product's enum
  await posts.insert({ ...post, status: Difficulty.EASY });
  // @ts-expect-error a list for a single value
  await posts.insert({ ...post, title: ['Engines'] });
  // @ts-expect-error a single value for a list
  await posts.insert({ ...post, tags: 'flying' });
  // @ts-expect-error a text where a moment belongs
  await posts.insert({ ...post, publishedAt: '2026-11-23' });
  // @ts-expect-error an id as text where a reference belongs
  await posts.insert({ ...post, author: '64b7f0c2a1b2c3d4e5f60718' });
  // @ts-expect-error a property that the class does not have
  await posts.insert({ ...post, subtitle: 'How they work' });
  // @ts-expect-error undefined is no value of an optional property
  await posts.insert({ ...post, publishedAt: undefined });
  // @ts-expect-error the gateway stamps the document
  await posts.insert({ ...post, createdAt: new Date() });

  const { title: _title, ...untitled } = post;
  // @ts-expect-error a missing property
  await posts.insert(untitled);
  // @ts-expect-error a missing property in one of several
  await posts.insertMany([post, untitled]);
  // @ts-expect-error another class
  await models.of(Comment).insert(post);
  const question = { text: '?', subject: post.author, difficulty: Difficulty.EASY, correctChoice: 0 };
  await models.of(Question).insert({ ...question, choices: [{ text: 'Yes' }] });
  // @ts-expect-error an embedded document that lacks its property
  await models.of(Question).insert({ ...question, choices: [{}] });
  // @ts-expect-error no class
  models.of('Post');
}

/** What a resolver reads is typed by the class, and a reference is not its document. */
export function reads(stored: Stored<Post>): unknown[] {
  return [
    stored.title.toUpperCase(),
    stored.createdAt.getTime(),
    stored.publishedAt?.getTime(),
    // @ts-expect-error a reference that was not followed has no name
    stored.author.name,
    // @ts-expect-error a post may lack it
    stored.publishedAt.getTime(),
    // @ts-expect-error a stored document has an _id, and no id
    stored.id,
    // @ts-expect-error a text is no number
    stored.title.toFixed(),
    // @ts-expect-error no such property
    stored.subtitle,
  ];
}

/** A context reaches its own product only, and cannot be bent. */
export function contexts(context: ProductContext, other: ProductContext): unknown[] {
  return [
    context.product,
    // @ts-expect-error no path to other products
    context.products,
    // @ts-expect-error no path to the database
    context.connection,
    // @ts-expect-error the viewer cannot be replaced
    (context.viewer = other.viewer),
  ];
}
