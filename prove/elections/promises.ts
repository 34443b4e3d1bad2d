import { mongo } from 'mongoose';
import { PRODUCT } from './product.js';
import { momentOf, numberOf, type Traffic } from './traffic.js';

/** What was found in the database against what clients were promised. */
export interface PromisesFound {
  readonly acknowledged: number;
  /** Acknowledged, and not there. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly doubled: readonly string[];
  /** Accounts whose balance is not the fold of their transfers, and a sum that is not zero. */
  readonly drifted: readonly string[];
  readonly negative: readonly string[];
}

interface StoredTransfer {
  readonly _id: mongo.ObjectId;
  readonly from: mongo.ObjectId;
  readonly to: mongo.ObjectId;
  readonly amount: number | mongo.Long;
  readonly idempotencyKey: string;
}

/** Reads with majority what clients were told is stored, and folds the whole ledger. */
export async function checkPromises(admin: mongo.MongoClient, traffic: Traffic): Promise<PromisesFound> {
  const db = admin.db(PRODUCT, { readConcern: new mongo.ReadConcern('majority'), readPreference: 'primary' });
  const [lost, doubled, drifted, negative]: string[][] = [[], [], [], []];

  const attempts = new Map<number, string[]>();
  // Moments of this proof: whole seconds of years in which the sample has no attempt.
  const range = { $gte: momentOf(1), $lt: momentOf(50_000_000) };
  for await (const { _id, answeredAt } of db.collection('attempts').find({ answeredAt: range })) {
    const number = numberOf(answeredAt as Date);
    attempts.set(number, [...(attempts.get(number) ?? []), String(_id)]);
  }
  for (const [number, id] of traffic.attempts)
    if (!attempts.get(number)?.includes(id)) lost!.push(`attempt ${number}`);
  for (const [number, ids] of attempts) if (ids.length > 1) doubled!.push(`attempt ${number}`);

  const stored = await db.collection<StoredTransfer>('ledger.transfers').find().toArray();
  const byKey = new Map<string, StoredTransfer[]>();
  const folded = new Map<string, number>();
  for (const one of stored) {
    if (traffic.wishes.has(one.idempotencyKey))
      byKey.set(one.idempotencyKey, [...(byKey.get(one.idempotencyKey) ?? []), one]);
    for (const [account, sign] of [
      [one.from, -1],
      [one.to, 1],
    ] as const)
      folded.set(String(account), (folded.get(String(account)) ?? 0) + sign * Number(one.amount));
  }
  for (const [key, id] of traffic.transfers) {
    const found = byKey.get(key) ?? [];
    if (!found.some(({ _id }) => String(_id) === id)) lost!.push(key);
    if (found.length > 1) doubled!.push(key);
    const wish = traffic.wishes.get(key)!;
    if (found.some(({ from, amount }) => String(from) !== wish.from || Number(amount) !== wish.amount))
      drifted!.push(`${key} is not what was asked for`);
  }

  let sum = 0;
  for (const account of await db.collection('ledger.accounts').find().toArray()) {
    const balance = Number(account['balance']);
    const id = String(account._id);
    sum += balance;
    if (balance !== (folded.get(id) ?? 0))
      drifted!.push(`account ${id}: ${balance}, not ${folded.get(id) ?? 0}`);
    if (balance < 0 && !account['system']) negative!.push(`account ${id}: ${balance}`);
  }
  if (sum !== 0) drifted!.push(`the sum of all balances is ${sum}`);
  return {
    acknowledged: traffic.attempts.size + traffic.transfers.size,
    lost: lost!,
    doubled: doubled!,
    drifted: drifted!,
    negative: negative!,
  };
}
