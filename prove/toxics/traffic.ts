import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { Bank } from '../support/bank.js';
import { ask, type Question, type Reply } from '../support/clients.js';

/** Requests a second, half of them to each product. */
const RATE = 60;
const TICK_MS = 5;

const READ_BLOG =
  '{ posts(first: 10) { nodes { id title tags authorName publishedAt author { id name } } } }';
const READ_AVIATION =
  'query Read($account: ID!) { questions(first: 5) { nodes { id text subject { name } } } account(id: $account) { balance } }';
const CREATE = 'mutation Create($input: CreatePostInput!) { createPost(input: $input) { id } }';

type Kind = 'readBlog' | 'readAviation' | 'createPost' | 'transfer';
const TURN: readonly Kind[] = [
  'readBlog',
  'readAviation',
  'readBlog',
  'transfer',
  'createPost',
  'readAviation',
];

/** What a request became. */
export interface Answer {
  readonly kind: Kind;
  readonly product: 'blog' | 'aviation';
  /** What was going on when it was sent. */
  readonly phase: string;
  /** By the process's clock. */
  readonly sentAt: number;
  readonly tookMs: number;
  readonly reply: Reply;
}

/** Clients that ask both products at a fixed rate, whether or not they were answered, and remember what they were promised. */
export class Traffic {
  /** What is going on now. */
  phase = '';
  readonly answers: Answer[] = [];
  /** Ids of transfers that were acknowledged, by key, and of posts, by title. */
  readonly transfers = new Map<string, string>();
  readonly posts = new Map<string, string>();
  readonly #address: string;
  readonly #token: string;
  readonly #bank: Bank;
  readonly #author: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #pending = new Set<Promise<unknown>>();
  #isOn = true;

  private constructor(address: string, token: string, bank: Bank, author: string) {
    [this.#address, this.#token, this.#bank, this.#author] = [address, token, bank, author];
  }

  /** @param token an operator's. @param admin reads what the samples have. */
  static async open(admin: mongo.MongoClient, address: string, token: string): Promise<Traffic> {
    const agent = new Agent();
    const bank = await Bank.open(admin, address, agent, token);
    agent.destroy();
    const author = await admin.db('blog').collection('users').findOne();
    return new Traffic(address, token, bank, String(author!._id));
  }

  /** Sends until it is stopped, and waits for the last answer. */
  async run(): Promise<void> {
    const begin = performance.now();
    for (let n = 0; this.#isOn; await sleep(TICK_MS)) {
      for (; this.#isOn && begin + (n * 1_000) / RATE <= performance.now(); n += 1) {
        const asking = this.#send(TURN[n % TURN.length]!, n);
        this.#pending.add(asking);
        void asking.finally(() => this.#pending.delete(asking));
      }
    }
    await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  stop(): void {
    this.#isOn = false;
  }

  /** Whether the blog answers a read now. */
  async isAnswered(): Promise<boolean> {
    return isGood(await ask(this.#address, this.#agent, this.#question('readBlog', 0)));
  }

  async #send(kind: Kind, n: number): Promise<void> {
    const { phase } = this;
    const sentAt = performance.now();
    const reply = await ask(this.#address, this.#agent, this.#question(kind, n));
    this.answers.push({
      kind,
      product: kind === 'readBlog' || kind === 'createPost' ? 'blog' : 'aviation',
      phase,
      sentAt,
      tookMs: Math.round(performance.now() - sentAt),
      reply,
    });
    const post = reply.body?.data?.createPost?.id as string | undefined;
    const transfer = reply.body?.data?.transferCredits?.id as string | undefined;
    if (post !== undefined) this.posts.set(nameOf(n), post);
    if (transfer !== undefined) this.transfers.set(nameOf(n), transfer);
  }

  #question(kind: Kind, n: number): Question {
    const token = this.#token;
    if (kind === 'transfer') return this.#bank.transfer(token, nameOf(n), n);
    if (kind === 'readBlog') return { path: '/graphql/blog', query: READ_BLOG, token };
    if (kind === 'createPost') {
      const input = {
        author: this.#author,
        title: nameOf(n),
        body: 'Written while the connection was poor.',
      };
      return { path: '/graphql/blog', query: CREATE, variables: { input }, token };
    }
    const account = this.#bank.accounts[n % this.#bank.accounts.length];
    return { path: '/graphql/aviation', query: READ_AVIATION, variables: { account }, token };
  }

  /** What was acknowledged and is not there, or is there twice, and books that do not balance. */
  async broken(admin: mongo.MongoClient): Promise<string[]> {
    const transfers = await this.#bank.countByKey();
    const posts = new Map<string, string[]>();
    const stored = admin
      .db('blog')
      .collection('posts')
      .find({ title: /^toxics-/ }, { projection: { title: 1 } });
    for await (const { _id, title } of stored)
      posts.set(String(title), [...(posts.get(String(title)) ?? []), String(_id)]);
    return [
      ...[...this.transfers.keys()]
        .filter((key) => transfers.get(key) !== 1)
        .map((key) => `${key}: ${transfers.get(key) ?? 0} transfers`),
      ...[...this.posts]
        .filter(([title, id]) => !posts.get(title)?.includes(id))
        .map(([title]) => `${title}: the post is not there`),
      ...[...posts]
        .filter(([, ids]) => ids.length > 1)
        .map(([title, ids]) => `${title}: ${ids.length} posts`),
      ...(await this.#bank.faults()),
    ];
  }
}

/** Whether everything that was asked for was answered. */
export const isGood = ({ status, body, error }: Reply): boolean =>
  status === 200 && body?.errors === undefined && error === undefined;

const nameOf = (n: number) => `toxics-${n}`;
