import type { mongo } from 'mongoose';
import { ownComment } from '../monitor/comment.js';
import { FINDING_RULES, type Severity, type StoredFinding } from '../monitor/finding.js';
import { forgottenAt } from '../monitor/stats/stats.js';
import { STATS_COLLECTION } from '../product/grants.js';
import { post, type WebhookOptions } from './webhook.js';

/** What a digest holds at most: more is a list that nobody works through. */
export const MOST_ACTIONS = 5;
/** Monday, 08:00 UTC. */
const HOUR = 8;
const DAY_MS = 86_400_000;
const MARK = 'mark:digest';
const ASK_MS = 5_000;
/** Rounds in which it is tried, before it waits for the next week. */
const MOST_TRIES = 20;

/** What is open in one product. */
export interface OpenFindings {
  readonly product: string;
  readonly open: readonly StoredFinding[];
  /** Why it cannot be watched. */
  readonly problem?: string;
}

/** One thing to do. */
export interface Action {
  readonly product: string;
  readonly severity: Severity;
  readonly reason: string;
  readonly remedy: string;
  /** Findings that it mends. */
  readonly findings: number;
}

const SEVERITIES: readonly Severity[] = ['red', 'amber', 'info'];

/** The few things that are most worth doing, over all products: what one remedy mends is one. */
export function actionsFor(products: readonly OpenFindings[]): readonly Action[] {
  const byRemedy = new Map<string, Action>();
  const all = products
    .flatMap(({ product, open }) => open.map((finding) => ({ product, finding })))
    .sort((one, other) => gravity(one.finding) - gravity(other.finding));
  for (const { product, finding } of all) {
    const key = `${product} ${finding.remedy}`;
    const known = byRemedy.get(key);
    const { severity, reason, remedy } = finding;
    byRemedy.set(
      key,
      known ? { ...known, findings: known.findings + 1 } : { product, severity, reason, remedy, findings: 1 },
    );
  }
  return [...byRemedy.values()].slice(0, MOST_ACTIONS);
}

const gravity = ({ severity, rule, first }: StoredFinding): number =>
  SEVERITIES.indexOf(severity) * 1e3 + FINDING_RULES.indexOf(rule) + first.getTime() / 1e15;

/** What is needed for a digest. */
export interface SendDigest {
  /** The database that remembers which week was told: that of the first product. */
  readonly db: mongo.Db;
  readonly product: string;
  readonly webhook: WebhookOptions;
  readonly findings: () => readonly OpenFindings[];
  readonly now: Date;
}

/**
 * Sends the digest of a week, once, whoever else runs: from Monday 08:00 UTC on. The week in which it first runs has
 * none. @returns whether it was sent. @throws WebhookError
 */
export async function sendDigest({ db, product, webhook, findings, now }: SendDigest): Promise<boolean> {
  const stats = db.collection<{ _id: string; week: Date; tries: number }>(STATS_COLLECTION);
  const asked = { comment: ownComment(product), maxTimeMS: ASK_MS };
  const week = weekOf(now);
  const mark = await stats.findOneAndUpdate(
    { _id: MARK },
    {
      $setOnInsert: { kind: 'mark', week, tries: 0, createdAt: now },
      $set: { updatedAt: now, expiresAt: forgottenAt(now) },
    },
    { upsert: true, returnDocument: 'after', ...asked },
  );
  if (!mark || mark.week >= week) return false;
  const { modifiedCount } = await stats.updateOne({ _id: MARK, week: mark.week }, { $set: { week } }, asked);
  if (modifiedCount === 0) return false;
  try {
    await post(webhook, digestOf(findings(), week));
    await stats.updateOne({ _id: MARK }, { $set: { tries: 0 } }, asked);
    return true;
  } catch (error) {
    const tries = mark.tries + 1;
    // It is tried again in the next round, but not for ever.
    const change = tries < MOST_TRIES ? { week: mark.week, tries } : { tries: 0 };
    await stats.updateOne({ _id: MARK }, { $set: change }, asked);
    throw error;
  }
}

/** The Monday at whose hour the last digest was due. */
export function weekOf(now: Date): Date {
  const due = now.getTime() - HOUR * 3_600_000;
  // The epoch was a Thursday.
  const days = Math.floor(due / DAY_MS);
  return new Date((days - ((days + 3) % 7)) * DAY_MS);
}

/** What a webhook is sent once a week. */
export function digestOf(products: readonly OpenFindings[], week: Date): object {
  const actions = actionsFor(products);
  const open = products.reduce((sum, one) => sum + one.open.length, 0);
  const lines = actions.map(
    ({ product, severity, reason, remedy, findings }, at) =>
      `${at + 1}. ${product}: ${severity}. ${reason} What to do: ${remedy}${findings > 1 ? ` (mends ${findings})` : ''}`,
  );
  const head =
    actions.length === 0
      ? `Nothing to do: ${products.length} products, no findings.`
      : `What to do this week (${actions.length} of ${open} findings, ${products.length} products):`;
  const unseen = products.filter(({ problem }) => problem !== undefined).map(({ product }) => product);
  if (unseen.length > 0) lines.push(`Not watched, since the database cannot be asked: ${unseen.join(', ')}.`);
  return {
    text: [head, ...lines].join('\n'),
    kind: 'digest',
    week,
    products: products.map(({ product }) => product),
    actions,
  };
}
