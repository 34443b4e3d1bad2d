import { id } from '../id.js';
import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { planPost } from './post-plan.js';
import type { Theme, Topic } from './theme.js';
import { userAt, userId } from './users.js';

/** The identifier of post number `n`. */
export const postId = (n: number) => id('blog.post', n);

/** The blog's posts, in the order in which they were begun. */
export function* posts(count: number, signUps: SignUps): Generator<Record<string, unknown>> {
  for (let n = 0; n < count; n++) {
    const { status, author, theme, topic, createdAt, publishedAt, updatedAt } = planPost(n, count, signUps);
    const random = new Random('blog.post.words', n);
    yield {
      _id: postId(n),
      title: toTitle(random, theme, topic),
      body: toBody(random, theme, topic),
      status,
      tags: toTags(random, theme, topic),
      authorName: userAt(author).name,
      author: userId(author),
      ...(publishedAt && { publishedAt }),
      createdAt,
      updatedAt,
    };
  }
}

function toTitle(random: Random, theme: Theme, topic: Topic): string {
  const title = random.pick(theme.titles).replace('{topic}', topic.name);
  const whole = random.chance(0.85) ? `${title}, ${random.pick(theme.angles)}` : title;
  return whole.charAt(0).toUpperCase() + whole.slice(1);
}

function toTags(random: Random, theme: Theme, topic: Topic): string[] {
  const wanted = random.int(1, 4);
  return [...new Set([theme.tags[0], topic.tag, ...random.shuffle(theme.tags)])].slice(0, wanted);
}

function toBody(random: Random, theme: Theme, topic: Topic): string {
  const own = random.shuffle(topic.sentences);
  const general = random.shuffle(theme.middles);
  const paragraphs = [[random.pick(theme.openings), ...own.splice(0, 2)]];
  const middle = random.int(0, 3);
  for (let at = 0; at < middle; at++) {
    const sentences = [...general.splice(0, random.int(1, 2)), ...own.splice(0, 1), ...general.splice(0, 1)];
    paragraphs.push(sentences);
  }
  paragraphs.push([...general.splice(0, 1), ...own.splice(0, 1), random.pick(theme.closings)]);
  return paragraphs.map((sentences) => sentences.join(' ')).join('\n\n');
}
