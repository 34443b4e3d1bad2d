import { load } from '../load.js';
import { writeResults } from '../results.js';
import { bootstrapInterval, spreadOf } from '../statistics.js';
import { startContenders } from './servers.js';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 3);
const CONNECTIONS = 20;
const PAGES = 400;
const BAR = 5;

interface Place {
  readonly cursor: string;
  readonly publishedAt: string;
}

// oxlint-disable-next-line typescript/no-explicit-any -- an answer whose shape the caller knows
async function ask(url: string, body: object): Promise<any> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { data, errors } = (await answer.json()) as { data?: unknown; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Every published post's place in the list, newest first. */
async function placesOf(url: string): Promise<Place[]> {
  const query =
    'query Places($after: String) { posts(first: 100, after: $after) { edges { cursor node { publishedAt } } pageInfo { hasNextPage endCursor } } }';
  const places: Place[] = [];
  for (let after: string | null = null, more = true; more;) {
    const { posts } = await ask(url, { query, variables: { after } });
    places.push(
      ...posts.edges.map((edge: { cursor: string; node: { publishedAt: string } }) => ({
        cursor: edge.cursor,
        publishedAt: edge.node.publishedAt,
      })),
    );
    after = posts.pageInfo.endCursor;
    more = posts.pageInfo.hasNextPage;
  }
  return places;
}

const OURS =
  'query Page($after: String) { posts(first: 20, after: $after) { nodes { id title tags authorName publishedAt author { id name } } } }';
const NAIVE =
  'query Page($before: DateTimeISO!) { posts(first: 20, before: $before) { id title tags authorName publishedAt author { id name } } }';

/** The same page from both, as text: a faster wrong answer wins nothing. */
async function assertSameAnswers(ours: string, naive: string, places: readonly Place[]): Promise<number> {
  const authors = new Set<string>();
  for (const { cursor, publishedAt } of places.slice(0, 40)) {
    const one = await ask(ours, { query: OURS, variables: { after: cursor } });
    const other = await ask(naive, { query: NAIVE, variables: { before: publishedAt } });
    if (JSON.stringify(one.posts.nodes) !== JSON.stringify(other.posts))
      throw new Error('The two servers do not answer the same.');
    for (const node of one.posts.nodes as { author: { id: string } }[]) authors.add(node.author.id);
  }
  return authors.size;
}

/** 20 posts with their authors from random places of the list: this gateway against the naive stack. */
export async function first(): Promise<boolean> {
  const contenders = await startContenders();
  try {
    const { ours, naive } = contenders;
    const all = await placesOf(ours);
    const step = 7919;
    const places = Array.from({ length: PAGES }, (_, index) => all[(index * step) % (all.length - 21)]!);
    const authors = await assertSameAnswers(ours, naive, places);
    const legs = {
      ours: {
        url: ours,
        bodies: places.map(({ cursor }) => JSON.stringify({ query: OURS, variables: { after: cursor } })),
      },
      naive: {
        url: naive,
        bodies: places.map(({ publishedAt }) =>
          JSON.stringify({ query: NAIVE, variables: { before: publishedAt } }),
        ),
      },
    };
    const seen = { ours: [] as number[], naive: [] as number[] };
    const p99 = { ours: [] as number[], naive: [] as number[] };
    for (const name of ['ours', 'naive'] as const)
      await load({ ...legs[name], connections: CONNECTIONS, seconds: 3 });
    for (let round = 0; round < ROUNDS; round += 1) {
      const order = round % 2 === 0 ? (['ours', 'naive'] as const) : (['naive', 'ours'] as const);
      for (const name of order) {
        const { requestsPerSecond, p99Ms } = await load({
          ...legs[name],
          connections: CONNECTIONS,
          seconds: SECONDS,
        });
        seen[name].push(requestsPerSecond);
        p99[name].push(p99Ms);
      }
      process.stdout.write(
        `round ${round + 1}: ${seen.ours.at(-1)!.toFixed(0)} against ${seen.naive.at(-1)!.toFixed(0)} requests/s, ratio ${(seen.ours.at(-1)! / seen.naive.at(-1)!).toFixed(2)}\n`,
      );
    }
    const ratios = seen.ours.map((value, round) => value / seen.naive[round]!);
    const interval = bootstrapInterval(ratios);
    writeResults('first', {
      rounds: ROUNDS,
      mongod: contenders.mongod,
      figures: {
        'ours.requestsPerSecond': spreadOf(seen.ours),
        'naive.requestsPerSecond': spreadOf(seen.naive),
        'ours.p99Ms': spreadOf(p99.ours),
        'naive.p99Ms': spreadOf(p99.naive),
        distinctAuthors: authors,
        'naive.low95': interval.low,
        'naive.high95': interval.high,
      },
      ratios: { naive: spreadOf(ratios) },
    });
    const { median } = spreadOf(ratios);
    process.stdout.write(`ratio ${median} (95 %: ${interval.low} to ${interval.high}); the bar is ${BAR}\n`);
    return median >= BAR;
  } finally {
    await contenders.stop();
  }
}
