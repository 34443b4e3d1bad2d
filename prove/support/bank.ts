import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import type { mongo } from 'mongoose';
import { ISSUANCE_ID } from '../../src/ledger/index.js';
import { ask, type Question } from './clients.js';

/** The sample product with a ledger. */
const PRODUCT = 'aviation';
const TRANSFER =
  'mutation Transfer($input: TransferCreditsInput!) { transferCredits(input: $input) { id amount } }';
const ISSUE = 'mutation Issue($input: IssueCreditsInput!) { issueCredits(input: $input) { id } }';
const CREDITS = 1_000_000;

/** Accounts of the sample ledger, and transfers between them. */
export class Bank {
  constructor(
    readonly db: mongo.Db,
    readonly accounts: readonly string[],
  ) {}

  /** Gives every account of the sample data credits to move. @param token an operator's. */
  static async open(admin: mongo.MongoClient, address: string, agent: Agent, token: string): Promise<Bank> {
    const db = admin.db(PRODUCT);
    const found = await db
      .collection('ledger.accounts')
      .find({ _id: { $ne: ISSUANCE_ID } })
      .limit(8)
      .toArray();
    const accounts = found.map(({ _id }) => String(_id));
    if (accounts.length < 2) throw new Error('The sample data has no accounts.');
    for (const to of accounts) {
      const input = { to, amount: CREDITS, idempotencyKey: randomUUID(), reason: 'proof' };
      const reply = await ask(address, agent, {
        path: `/graphql/${PRODUCT}`,
        query: ISSUE,
        variables: { input },
        token,
      });
      if (reply.body?.data?.issueCredits?.id === undefined)
        throw new Error(`No credits were issued: ${JSON.stringify(reply)}`);
    }
    return new Bank(db, accounts);
  }

  /** A transfer of one credit between two accounts, under a key. */
  transfer(token: string, key: string, n: number): Question {
    const from = this.accounts[n % this.accounts.length]!;
    const to = this.accounts[(n + 1) % this.accounts.length]!;
    const input = { from, to, amount: 1, idempotencyKey: key, reason: 'proof' };
    return { path: `/graphql/${PRODUCT}`, query: TRANSFER, variables: { input }, token };
  }

  /** How many transfers there are for each key that has any. */
  async countByKey(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.db
      .collection('ledger.transfers')
      .aggregate<{ _id: string; n: number }>([{ $group: { _id: '$idempotencyKey', n: { $sum: 1 } } }])
      .toArray();
    return new Map(rows.map(({ _id, n }) => [_id, n]));
  }

  /**
   * What does not add up: the sum of all balances, which is zero, and each account against its own transfers.
   */
  async faults(): Promise<string[]> {
    const { accounts, moved } = await this.#books();
    const sum = [...accounts.values()].reduce((total, one) => total + one, 0);
    return [
      ...(sum === 0 ? [] : [`the balances sum to ${sum}`]),
      ...[...accounts].flatMap(([id, balance]) =>
        balance === (moved.get(id) ?? 0)
          ? []
          : [`${id} has ${balance}, its transfers say ${moved.get(id) ?? 0}`],
      ),
    ];
  }

  async #books(): Promise<{ accounts: Map<string, number>; moved: Map<string, number> }> {
    const accounts = new Map<string, number>();
    for await (const { _id, balance } of this.db.collection('ledger.accounts').find())
      accounts.set(String(_id), Number(balance));
    const moved = new Map<string, number>();
    for await (const { from, to, amount } of this.db.collection('ledger.transfers').find()) {
      moved.set(String(from), (moved.get(String(from)) ?? 0) - Number(amount));
      moved.set(String(to), (moved.get(String(to)) ?? 0) + Number(amount));
    }
    return { accounts, moved };
  }
}
