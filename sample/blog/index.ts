import type { SampleBatch } from 'bulkhead';
import { countAt, toBatches, type SampleOptions } from '../batch.js';
import { SignUps } from '../sign-ups.js';
import { comments } from './comments.js';
import { posts } from './posts.js';
import { users } from './users.js';

export type { SampleBatch } from 'bulkhead';
export type { SampleOptions } from '../batch.js';

/** How many documents {@link blogSample} makes at a scale, by collection. */
export function blogCounts(scale: number) {
  return {
    users: countAt(scale, 500, 5),
    posts: countAt(scale, 2_000, 20),
    comments: countAt(scale, 6_000, 60),
  };
}

/**
 * The blog's sample: people, what they wrote over a year, and what others said about it. The same scale always
 * gives the same documents. Memory is constant: each batch is made when it is asked for.
 *
 * @example for (const { collection, documents } of blogSample({ scale: 1, passwordHash })) …
 */
export function* blogSample(options: SampleOptions): Generator<SampleBatch> {
  const counts = blogCounts(options.scale);
  const signUps = new SignUps('blog', counts.users);
  yield* toBatches('users', users(counts.users, signUps, options.passwordHash));
  yield* toBatches('posts', posts(counts.posts, signUps));
  yield* toBatches('comments', comments(counts.comments, counts.posts, signUps));
}
