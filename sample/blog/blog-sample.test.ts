import { beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../collect.js';
import { blogSample } from './index.js';
import { themes } from './themes/index.js';

interface Post {
  _id: unknown;
  title: string;
  body: string;
  status: string;
  tags: string[];
  author: unknown;
  authorName: string;
  createdAt: Date;
  updatedAt: Date;
  publishedAt?: Date;
}

describe('the posts of the sample', () => {
  let posts: Post[];
  let comments: Record<string, unknown>[];
  let names: Map<string, unknown>;
  beforeAll(() => {
    const all = collect(blogSample({ scale: 1, passwordHash: 'a hash' }));
    posts = (all.get('posts') ?? []) as unknown as Post[];
    comments = all.get('comments') ?? [];
    names = new Map((all.get('users') ?? []).map(({ _id, name }) => [String(_id), name]));
  });

  it('are mostly published, with some drafts and a few archived', () => {
    const share = (status: string) => posts.filter((post) => post.status === status).length / posts.length;
    expect(share('PUBLISHED')).toBeCloseTo(0.85, 1);
    expect(share('DRAFT')).toBeCloseTo(0.1, 1);
    expect(share('ARCHIVED')).toBeCloseTo(0.05, 1);
  });

  it('are published after they were begun and before their last edit; drafts never were', () => {
    for (const { status, createdAt, updatedAt, publishedAt } of posts) {
      expect(publishedAt === undefined).toBe(status === 'DRAFT');
      const shownAt = publishedAt ?? createdAt;
      expect(createdAt <= shownAt && shownAt <= updatedAt).toBe(true);
    }
  });

  it('come from several hundred authors, the latest from many', () => {
    const authors = (list: Post[]) => new Set(list.map(({ author }) => String(author))).size;
    expect(authors(posts)).toBeGreaterThan(300);
    const latest = posts
      .filter(({ publishedAt }) => publishedAt)
      .sort((a, b) => Number(b.publishedAt) - Number(a.publishedAt));
    expect(authors(latest.slice(0, 50))).toBeGreaterThan(30);
  });

  it('carry the name of their author, as comments do', () => {
    for (const { author, authorName } of [...posts, ...comments] as Post[]) {
      expect(names.get(String(author))).toBe(authorName);
    }
  });

  it('read like posts: two to five paragraphs, nothing said twice, no gaps left', () => {
    for (const { title, body } of posts) {
      const paragraphs = body.split('\n\n');
      expect(paragraphs.length).toBeGreaterThanOrEqual(2);
      expect(paragraphs.length).toBeLessThanOrEqual(5);
      expect(paragraphs.every((paragraph) => paragraph.length > 0 && paragraph === paragraph.trim())).toBe(
        true,
      );
      expect(`${title}${body}`).not.toMatch(/[{}]|undefined/);
    }
    expect(new Set(posts.map(({ body }) => body)).size).toBeGreaterThan(posts.length * 0.99);
    expect(comments.filter(({ body }) => /[{}]/.test(String(body)))).toEqual([]);
  });

  it('have one to four tags of the theme they are written from', () => {
    for (const { tags, body } of posts) {
      const theme = themes.find((one) => one.tags[0] === tags[0]);
      expect(theme?.openings.some((opening) => body.startsWith(opening))).toBe(true);
      expect(tags.length).toBeLessThanOrEqual(4);
      expect(new Set(tags).size).toBe(tags.length);
      expect(tags.filter((tag) => !theme?.tags.includes(tag))).toEqual([]);
    }
  });

  it('are commented on only where published, and after that', () => {
    const publishedAt = new Map(
      posts.map((post) => [String(post._id), post.status === 'PUBLISHED' && post.publishedAt]),
    );
    const wrong = comments.filter(({ post, createdAt }) => {
      const since = publishedAt.get(String(post));
      return !since || since > (createdAt as Date);
    });
    expect(wrong).toEqual([]);
  });
});
