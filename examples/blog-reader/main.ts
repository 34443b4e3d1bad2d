import { fileURLToPath } from 'node:url';
import {
  NewestPostsDocument,
  type NewestPostsQuery,
  PostWithCommentsDocument,
} from '../../generated/operations/blog.js';
import { ask, type Endpoint } from '../client.js';

type PostLine = NewestPostsQuery['posts']['nodes'][number];

/** The newest posts, page by page: each page begins behind the last cursor, whatever was published meanwhile. */
export async function* newestPosts(blog: Endpoint, pageSize: number): AsyncGenerator<readonly PostLine[]> {
  let after: string | null = null;
  do {
    const { posts }: NewestPostsQuery = await ask(blog, NewestPostsDocument, { first: pageSize, after });
    yield posts.nodes;
    after = posts.pageInfo.hasNextPage ? posts.pageInfo.endCursor : null;
  } while (after !== null);
}

export interface BlogReaderOptions {
  readonly blog: Endpoint;
  readonly pageSize?: number;
  readonly pages?: number;
  readonly print?: (line: string) => void;
}

/** Prints the first pages of the newest posts, then the newest post itself with its first comments. */
export async function main(options: BlogReaderOptions): Promise<void> {
  const { blog, pageSize = 5, pages = 3, print = console.log } = options;
  let newest: string | undefined;
  let page = 0;
  for await (const posts of newestPosts(blog, pageSize)) {
    newest ??= posts[0]?.id;
    page += 1;
    print(`page ${page}`);
    for (const { publishedAt, title, authorName } of posts)
      print(`  ${publishedAt?.slice(0, 10) ?? '—'}  ${title} (${authorName})`);
    if (page === pages) break;
  }
  if (newest === undefined) return print('Nothing was published yet.');

  const { post } = await ask(blog, PostWithCommentsDocument, { id: newest, comments: 5 });
  if (!post) return print('The newest post was withdrawn meanwhile.');
  print('');
  print(`${post.title}, by ${post.author?.name ?? 'somebody who left'} [${post.tags.join(', ')}]`);
  print(post.body);
  for (const { authorName, body } of post.comments.nodes) print(`  ${authorName}: ${body}`);
  if (post.comments.pageInfo.hasNextPage) print('  … and more comments');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const gateway = process.env['BULKHEAD_URL'] ?? 'http://127.0.0.1:4000';
  await main({ blog: { url: `${gateway}/graphql/blog` } });
}
