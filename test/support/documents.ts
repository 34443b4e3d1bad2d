import { mongo } from 'mongoose';

/** A document as an administrator stores it: with an id, and with both timestamps. */
export const stamped = <T extends object>(document: T, at = new Date('2026-03-01T08:00:00Z')) => ({
  _id: new mongo.ObjectId(),
  createdAt: at,
  updatedAt: at,
  ...document,
});

/** A blog user. */
export const blogUser = (name: string) =>
  stamped({ name, email: `${new mongo.ObjectId().toHexString()}@example.org`, passwordHash: 'none' });

/** A post of somebody; published unless told otherwise. */
export const blogPost = (
  author: { readonly _id: mongo.ObjectId; readonly name: string },
  more: Record<string, unknown> = {},
) =>
  stamped({
    title: 'A title',
    body: 'A body.',
    status: 'PUBLISHED',
    tags: [] as string[],
    authorName: author.name,
    author: author._id,
    ...more,
  });
