import type { mongo } from 'mongoose';
import { ownComment } from '../monitor/comment.js';
import type { Severity, StoredFinding } from '../monitor/finding.js';
import { byGravity } from '../monitor/stats/read-findings.js';
import { STATS_COLLECTION } from '../product/grants.js';
import { post, type WebhookOptions } from './webhook.js';

/** What a webhook is sent: `text` for those that show it to people, the rest for programs. */
export interface AlarmBody {
  readonly text: string;
  readonly kind: 'finding' | 'resolved';
  readonly product: string;
  readonly finding: Pick<
    StoredFinding,
    'id' | 'rule' | 'severity' | 'subject' | 'reason' | 'remedy' | 'first' | 'resolvedAt'
  >;
}

/** What stands beside a finding in the database: whether somebody was told, so that nobody is told twice. */
interface AlarmState {
  readonly alarmedAt?: Date;
  readonly alarmedAs?: Severity;
  readonly noticedAt?: Date;
  /** Who is telling it now, or when it may be tried again. */
  readonly claim?: { readonly owner: string; readonly until: Date };
  readonly tries?: number;
}

type Row = StoredFinding & AlarmState & { readonly _id: string; readonly kind: string };

/** The same finding again within this is not told again: one that comes and goes is one. */
const QUIET_MS = 3_600_000;
/** A resolution that nobody was told in this time is old news. */
const NEWS_MS = 24 * 3_600_000;
/** How long a worker that tells something has for it. */
const CLAIM_MS = 120_000;
/** After a webhook has failed: 30 s, twice as long each time, at most an hour. */
const FAILED_MS = 30_000;
const LONGEST_MS = 3_600_000;
/** Messages of one round; the others come with the next ones. */
const MOST_MESSAGES = 10;
const ASK_MS = 5_000;

/** What is needed to tell a product's findings. */
export interface SendAlarms {
  readonly db: mongo.Db;
  readonly product: string;
  readonly webhook: WebhookOptions;
  readonly owner: string;
  readonly now: () => Date;
}

/** What was told, and why not everything was. */
export interface SentAlarms {
  readonly sent: number;
  readonly failure?: string;
}

/**
 * Tells a webhook of findings that are new (amber and red), and of those that it was told of and that hold no more. Each
 * once, whoever else runs: it is claimed in the database before, and marked after. Should a worker die between the two,
 * it is told again.
 */
export async function sendAlarms(options: SendAlarms): Promise<SentAlarms> {
  const { db, product, webhook, owner, now } = options;
  const stats = db.collection<Row>(STATS_COLLECTION);
  const asked = { comment: ownComment(product), maxTimeMS: ASK_MS };
  const rows = await stats.find({ kind: 'finding' }, asked).toArray();
  // A round tells so many: what is red does not wait for the next.
  rows.sort(byGravity);
  let sent = 0;
  for (const row of rows) {
    const kind = dueOf(row, now());
    if (!kind) continue;
    if (sent >= MOST_MESSAGES) break;
    const until = new Date(now().getTime() + CLAIM_MS);
    const { modifiedCount } = await stats.updateOne(
      {
        _id: row._id,
        // Nobody else has it, and nobody has told it since it was read.
        $or: [{ claim: { $exists: false } }, { 'claim.until': { $lte: now() } }],
        ...was('alarmedAt', row.alarmedAt),
        ...was('noticedAt', row.noticedAt),
      },
      { $set: { claim: { owner, until } } },
      asked,
    );
    if (modifiedCount === 0) continue;
    try {
      await post(webhook, bodyOf(kind, product, row));
    } catch (error) {
      const tries = (row.tries ?? 0) + 1;
      const wait = Math.min(LONGEST_MS, FAILED_MS * 2 ** Math.min(tries - 1, 10));
      const again = new Date(now().getTime() + wait);
      await stats.updateOne({ _id: row._id }, { $set: { claim: { owner, until: again }, tries } }, asked);
      return { sent, failure: (error as Error).message };
    }
    const told: Partial<AlarmState> =
      kind === 'finding' ? { alarmedAt: now(), alarmedAs: row.severity } : { noticedAt: now() };
    await stats.updateOne(
      { _id: row._id },
      { $set: told, $unset: { claim: true, tries: true } } as never,
      asked,
    );
    sent += 1;
  }
  return { sent };
}

const was = (key: 'alarmedAt' | 'noticedAt', value: Date | undefined): object => ({
  [key]: value ?? { $exists: false },
});

function dueOf(row: Row, now: Date): AlarmBody['kind'] | undefined {
  const { severity, first, resolvedAt, alarmedAt, alarmedAs, noticedAt, claim } = row;
  const age = (since: Date): number => now.getTime() - since.getTime();
  if (claim && age(claim.until) < 0) return undefined;
  if (resolvedAt) {
    const isTold = !alarmedAt || (noticedAt !== undefined && noticedAt >= alarmedAt);
    return isTold || age(resolvedAt) > NEWS_MS ? undefined : 'resolved';
  }
  if (severity === 'info') return undefined;
  if (!alarmedAt) return 'finding';
  // Graver than it was told is news; only the same again waits.
  if (severity === 'red' && alarmedAs !== 'red') return 'finding';
  return alarmedAt < first && age(alarmedAt) >= QUIET_MS ? 'finding' : undefined;
}

function bodyOf(kind: AlarmBody['kind'], product: string, row: Row): AlarmBody {
  const { id, rule, severity, subject, reason, remedy, first, resolvedAt } = row;
  return {
    text:
      kind === 'finding'
        ? `${product}: ${severity}, ${rule}. ${reason} What to do: ${remedy}`
        : `${product}: resolved, ${rule}. It was: ${reason}`,
    kind,
    product,
    finding: { id, rule, severity, subject, reason, remedy, first, ...(resolvedAt && { resolvedAt }) },
  };
}
