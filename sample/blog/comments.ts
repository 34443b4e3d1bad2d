import { apportionInBlocks } from '../apportion.js';
import { id } from '../id.js';
import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { DAY_MS, HOUR_MS, later, SAMPLE_UNTIL } from '../time.js';
import { planPost, type PostPlan } from './post-plan.js';
import { postId } from './posts.js';
import { userAt, userId } from './users.js';

const POSTS_PER_BLOCK = 2_000;

const GREETINGS = [
  'Thank you for this.',
  'I enjoyed reading this.',
  'Well put.',
  'This arrived on the right day.',
  'Found this through a friend.',
  'Read it twice.',
  'First comment here, long-time reader.',
] as const;

/** Comments on the published posts: few under most, many under some, each later than its post. */
export function* comments(
  total: number,
  postCount: number,
  signUps: SignUps,
): Generator<Record<string, unknown>> {
  const popularity = (n: number) => popularityOf(n, planPost(n, postCount, signUps));
  let number = 0;
  for (const { n, count } of apportionInBlocks(total, postCount, POSTS_PER_BLOCK, popularity)) {
    if (count === 0) continue;
    const { theme, topic, publishedAt, createdAt: begunAt } = planPost(n, postCount, signUps);
    const random = new Random('blog.post.comments', n);
    let said: string[] = [];
    for (let at = 0; at < count; at++) {
      // A remark stands under a post a second time only when all others do already.
      if (said.length === 0) said = random.shuffle(theme.remarks);
      const remark = (said.pop() ?? '').replace('{topic}', topic.name);
      const createdAt = later(publishedAt ?? begunAt, HOUR_MS / 12 + random.exponential(4 * DAY_MS));
      const author = Math.floor(signUps.countBefore(createdAt) * random.next() ** 1.3);
      yield {
        _id: id('blog.comment', number++),
        body: random.chance(0.35) ? `${random.pick(GREETINGS)} ${remark}` : remark,
        authorName: userAt(author).name,
        author: userId(author),
        post: postId(n),
        createdAt,
        updatedAt: random.chance(0.05) ? later(createdAt, random.exponential(HOUR_MS)) : createdAt,
      };
    }
  }
}

/** What is new has not been read by everyone yet; drafts and what was archived are read by nobody. */
function popularityOf(n: number, { status, publishedAt }: PostPlan): number {
  if (status !== 'PUBLISHED' || !publishedAt) return 0;
  const age = SAMPLE_UNTIL.getTime() - publishedAt.getTime();
  return Math.exp(new Random('blog.post.popularity', n).normal()) * (1 - Math.exp(-age / (4 * DAY_MS)));
}
