import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { main as administrate } from '../../examples/aviation-admin/main.js';
import { main as readBlog, newestPosts } from '../../examples/blog-reader/main.js';
import { ask } from '../../examples/client.js';
import { OverviewDocument } from '../../generated/operations/graph.js';
import { TestGateway } from '../support/gateway.js';

const run = promisify(execFile);
let gateway: TestGateway;
let blog: { url: string };
let aviation: { url: string; token: string };
beforeAll(async () => {
  gateway = await TestGateway.start({ scale: 0.02 });
  blog = { url: gateway.url('blog') };
  aviation = { url: gateway.url('aviation'), token: await gateway.operator() };
});
afterAll(() => gateway.close());
afterEach(() => vi.restoreAllMocks());

const storedPosts = () =>
  gateway.db('blog').collection('posts').find({ status: 'PUBLISHED' }).sort({ publishedAt: -1, _id: -1 });

describe('blog-reader', () => {
  test('prints the newest posts page by page, then the newest with its comments', async () => {
    const lines: string[] = [];
    await readBlog({ blog, pageSize: 4, pages: 2, print: (line) => lines.push(line) });
    const posts = await storedPosts().limit(8).toArray();
    const line = (post: (typeof posts)[number]) =>
      `  ${post['publishedAt'].toISOString().slice(0, 10)}  ${post['title']} (${post['authorName']})`;
    expect(lines.slice(0, 11)).toEqual([
      'page 1',
      ...posts.slice(0, 4).map(line),
      'page 2',
      ...posts.slice(4).map(line),
      '',
    ]);
    const [newest] = posts;
    const db = gateway.db('blog');
    const author = await db.collection('users').findOne({ _id: newest!['author'] });
    const comments = await db
      .collection('comments')
      .find({ post: newest!._id })
      .sort({ createdAt: 1, _id: 1 })
      .toArray();
    expect(lines.slice(11)).toEqual([
      `${newest!['title']}, by ${author!['name']} [${newest!['tags'].join(', ')}]`,
      newest!['body'],
      ...comments.slice(0, 5).map((one) => `  ${one['authorName']}: ${one['body']}`),
      ...(comments.length > 5 ? ['  … and more comments'] : []),
    ]);
  });

  test('comes to the end: every published post once', async () => {
    const ids: string[] = [];
    for await (const page of newestPosts(blog, 7)) ids.push(...page.map(({ id }) => id));
    expect(ids.length).toBeGreaterThan(7);
    expect(ids).toEqual((await storedPosts().toArray()).map(({ _id }) => String(_id)));
  });
});

/** Lets a test see each operation that the example sends, and lose or replace its answer. */
function intercept(onOperation: (name: string, send: () => Promise<Response>) => Promise<Response>) {
  const sent: { name: string; input: unknown }[] = [];
  const send = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation((url, init) => {
    const { query, variables } = JSON.parse(init?.body as string) as {
      query: string;
      variables: { input?: unknown };
    };
    const name = /(?:query|mutation) (\w+)/.exec(query)?.[1] ?? '';
    sent.push({ name, input: variables.input });
    return onOperation(name, () => send(url, init));
  });
  return (name: string) => sent.filter((one) => one.name === name).map(({ input }) => input);
}

describe('aviation-admin', () => {
  test('enrols two students, moves credits, reads balances and performance', async () => {
    const lines: string[] = [];
    await administrate({ aviation, print: (line) => lines.push(line) });
    expect(lines.slice(0, 4)).toEqual([
      'issued 100 to Amelia',
      'transferred 30 from Amelia to Bessie',
      'Amelia has 70 credits',
      'Bessie has 30 credits',
    ]);
    expect(lines).toHaveLength(4 + 13);
    for (const line of lines.slice(4)) expect(line).toMatch(/^ *\d+\.\d % of \d+ answers right: \d{3} \w+/);
  });

  test('moves credits once although an answer is lost and another says that it is under way', async () => {
    const transfers = gateway.db('aviation').collection('ledger.transfers');
    const before = await transfers.countDocuments();
    const disturbed = new Set<string>();
    const sent = intercept(async (name, send) => {
      if (disturbed.has(name)) return send();
      disturbed.add(name);
      if (name === 'IssueCredits') {
        const extensions = { code: 'IDEMPOTENCY_IN_FLIGHT' };
        return Response.json({ data: { issueCredits: null }, errors: [{ message: 'wait', extensions }] });
      }
      const answer = await send();
      if (name !== 'TransferCredits') return answer;
      await answer.body?.cancel();
      throw new TypeError('fetch failed');
    });
    const lines: string[] = [];
    await administrate({ aviation, print: (line) => lines.push(line) });
    for (const name of ['IssueCredits', 'TransferCredits']) {
      const [first, second, ...more] = sent(name);
      expect(second).toEqual(first);
      expect(more).toEqual([]);
    }
    expect(lines.slice(2, 4)).toEqual(['Amelia has 70 credits', 'Bessie has 30 credits']);
    expect(await transfers.countDocuments()).toBe(before + 2);
  });

  test('does not ask again after a refusal', async () => {
    const sent = intercept((_, send) => send());
    const token = await gateway.service('aviation', 'aviation:write');
    const refused = administrate({ aviation: { ...aviation, token }, print: () => {} });
    await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(sent('IssueCredits')).toHaveLength(1);
  });
});

test('an operation over every product is typed, too', async () => {
  const overview = await ask({ url: gateway.url(undefined) }, OverviewDocument, { posts: 3 });
  const newest = await storedPosts().limit(3).toArray();
  expect(overview.blog?.posts.nodes.map(({ id }) => id)).toEqual(newest.map(({ _id }) => String(_id)));
  expect(overview.aviation?.subjects).toHaveLength(13);
});

describe('compiled, as a reader runs them', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-examples-'));
    await run('node_modules/.bin/tsc', ['-p', 'examples/tsconfig.json', '--outDir', folder]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const example = async (name: string, token?: string) => {
    const env = {
      ...process.env,
      BULKHEAD_URL: gateway.address,
      ...(token !== undefined && { BULKHEAD_TOKEN: token }),
    };
    const { stdout } = await run(process.execPath, [join(folder, 'examples', name, 'main.js')], { env });
    return stdout;
  };

  test('blog-reader', async () => {
    expect(await example('blog-reader')).toMatch(/^page 1\n/);
  });

  test('aviation-admin', async () => {
    expect(await example('aviation-admin', aviation.token)).toContain('Bessie has 30 credits\n');
    await expect(example('aviation-admin', '')).rejects.toThrow('the token that npm start prints');
  });
});
