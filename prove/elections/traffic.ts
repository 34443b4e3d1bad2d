import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { randomFrom } from '../siege/mutate.js';
import { PRODUCT } from './product.js';

/** Requests a second, of which so many are of each kind: far below what the machine bears. */
const RATE = 100;
const TURN = ['read', 'attempt', 'read', 'transfer'] as const;
const TICK_MS = 5;
/** Accounts that move credits; their history is made by this proof alone. */
const ACCOUNTS = 100;
const ISSUED = 1_000_000;
/** The moment of an attempt is its number: a second for each, where the sample has none. */
const EPOCH = Date.UTC(2001, 0, 1);

export type Kind = (typeof TURN)[number];

/** What became of one request. */
export interface Answer {
  readonly kind: Kind;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** `OK`, the code of the first error, or `NONE` when the connection ended without an answer. */
  readonly code: string;
  readonly text: string;
  readonly isRefusalComplete: boolean;
}

/** Whom to ask, and as whom. */
export interface Target {
  readonly address: string;
  readonly token: string;
}

interface Wish {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

const READ =
  'query Read($account: ID!) { questions(first: 5) { nodes { id text subject { name } } } account(id: $account) { balance } }';
const ATTEMPT = 'mutation Attempt($input: RecordAttemptInput!) { recordAttempt(input: $input) { id } }';
const TRANSFER = 'mutation Transfer($input: TransferCreditsInput!) { transferCredits(input: $input) { id } }';
const ISSUE = 'mutation Issue($input: IssueCreditsInput!) { issueCredits(input: $input) { id } }';

/** Clients that ask at a fixed rate, whether or not they were answered, and remember what they were promised. */
export class Traffic {
  readonly answers: Answer[] = [];
  /** Ids of attempts that were acknowledged, by number. */
  readonly attempts = new Map<number, string>();
  /** Ids of transfers that were acknowledged, by key. */
  readonly transfers = new Map<string, string>();
  /** Every transfer that was ever asked for, by key. */
  readonly wishes = new Map<string, Wish>();
  /** A second answer to one key that is not the first one's. */
  readonly contradictions: string[] = [];
  readonly #target: Target;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #random: () => number;
  readonly #pending = new Set<Promise<unknown>>();
  #accounts: readonly string[] = [];
  #student = '';
  #question = '';
  #number = 0;
  #isOn = true;

  constructor(target: Target, seed: number) {
    this.#target = target;
    this.#random = randomFrom(seed);
  }

  /** Gives the accounts their credits. @param admin reads what the sample has. */
  async prepare(admin: mongo.MongoClient): Promise<void> {
    const db = admin.db(PRODUCT);
    const accounts = await db
      .collection('ledger.accounts')
      .find({ system: null, frozen: false }, { limit: ACCOUNTS, projection: { _id: 1 } })
      .toArray();
    this.#accounts = accounts.map(({ _id }) => String(_id));
    this.#student = String((await db.collection('students').findOne())!._id);
    this.#question = String((await db.collection('questions').findOne())!._id);
    for (const [n, to] of this.#accounts.entries()) {
      const input = { to, amount: ISSUED, reason: 'elections', idempotencyKey: `issue-${n}` };
      const { body } = await this.#send(ISSUE, { input });
      if (!body?.data?.['issueCredits']) throw new Error(`Credits were not issued: ${JSON.stringify(body)}`);
    }
  }

  /** Sends until it is stopped. */
  async run(): Promise<void> {
    const begin = performance.now();
    for (let n = 0; this.#isOn; await sleep(TICK_MS)) {
      for (; this.#isOn && begin + (n * 1_000) / RATE <= performance.now(); n += 1) {
        const asking = this.#ask(TURN[n % TURN.length]!);
        this.#pending.add(asking);
        void asking.finally(() => this.#pending.delete(asking));
      }
    }
    await Promise.all(this.#pending);
  }

  stop(): void {
    this.#isOn = false;
  }

  /** Sends every transfer that is not acknowledged again under its key, as its refusal asked for. */
  async settle(): Promise<void> {
    for (const key of this.wishes.keys())
      for (let times = 0; !this.transfers.has(key); times += 1) {
        if (times === 20) throw new Error(`${key} is refused without end.`);
        if (times > 0) await sleep(250);
        await this.#transfer(key);
      }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #ask(kind: Kind): Promise<void> {
    if (kind === 'attempt') await this.#attempt();
    else if (kind === 'transfer') {
      const key = `transfer-${(this.#number += 1)}`;
      const [from, to] = [this.#pick(this.#accounts), this.#pick(this.#accounts)];
      const other = this.#accounts[(this.#accounts.indexOf(to) + 1) % this.#accounts.length]!;
      this.wishes.set(key, {
        from,
        to: from === to ? other : to,
        amount: 1 + Math.floor(this.#random() * 9),
      });
      await this.#transfer(key);
    } else {
      const { answer } = await this.#send(READ, { account: this.#pick(this.#accounts) }, kind);
      this.answers.push(answer);
    }
  }

  async #attempt(): Promise<void> {
    const number = (this.#number += 1);
    const input = {
      student: this.#student,
      question: this.#question,
      choice: 0,
      answeredAt: momentOf(number).toISOString(),
    };
    const { answer, body } = await this.#send(ATTEMPT, { input }, 'attempt');
    this.answers.push(answer);
    const stored = body?.data?.['recordAttempt'] as { id: string } | undefined;
    if (stored) this.attempts.set(number, stored.id);
  }

  async #transfer(key: string): Promise<void> {
    const input = { ...this.wishes.get(key)!, reason: 'elections', idempotencyKey: key };
    const { answer, body } = await this.#send(TRANSFER, { input }, 'transfer');
    this.answers.push(answer);
    const stored = body?.data?.['transferCredits'] as { id: string } | undefined;
    if (!stored) return;
    const known = this.transfers.get(key);
    if (known !== undefined && known !== stored.id)
      this.contradictions.push(`${key}: ${known} and ${stored.id}`);
    this.transfers.set(key, stored.id);
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  #send(query: string, variables: object, kind: Kind = 'transfer'): Promise<{ answer: Answer; body?: Body }> {
    const { hostname, port } = new URL(this.#target.address);
    const payload = JSON.stringify({ query, variables });
    const sentAt = Date.now();
    return new Promise((resolve) => {
      const end = (code: string, text: string, isRefusalComplete: boolean, body?: Body) =>
        resolve({
          answer: {
            kind,
            sentAt,
            answeredAt: Date.now(),
            code,
            text: code === 'OK' ? '' : text,
            isRefusalComplete,
          },
          ...(body && { body }),
        });
      const sending = request(
        {
          agent: this.#agent,
          hostname,
          port,
          method: 'POST',
          path: `/graphql/${PRODUCT}`,
          headers: {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(payload),
            accept: 'application/graphql-response+json',
            authorization: `Bearer ${this.#target.token}`,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            const body = JSON.parse(text) as Body;
            const code = body.errors ? (body.errors[0]?.extensions?.code ?? 'NO_CODE') : 'OK';
            const hasHint = response.statusCode === 200 || response.headers['retry-after'] !== undefined;
            end(code, text, hasHint, body);
          });
          response.on('error', () => end('NONE', 'cut off', false));
        },
      );
      sending.on('error', (error) => end('NONE', error.message, false));
      sending.end(payload);
    });
  }
}

interface Body {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

/** The moment by which an attempt is known. */
export const momentOf = (number: number): Date => new Date(EPOCH + number * 1_000);
/** The number of an attempt of this proof. */
export const numberOf = (moment: Date): number => (moment.getTime() - EPOCH) / 1_000;
