/** What a finding is about. */
export interface FindingSubject {
  /** A shape's id. */
  readonly shape?: string;
  readonly collection?: string;
  readonly index?: string;
  readonly operation?: string;
  /** `Type.field`. */
  readonly field?: string;
}

/** The rules; each is a file of its own that says when it holds. */
export const FINDING_RULES = [
  'slow',
  'hot',
  'collection-scan',
  'poor-ratio',
  'in-memory-sort',
  'unbatched',
  'unbounded',
  'regression',
  'unused-index',
  'redundant-index',
  'duplicate-index',
  'too-many-indexes',
  'missing-index',
  'missing-ttl',
  'growth',
] as const;
export type FindingRule = (typeof FINDING_RULES)[number];

/** `red` needs somebody today; `amber` this week; `info` is worth knowing. */
export type Severity = 'red' | 'amber' | 'info';

/** Something that is wrong in a product, why it is believed, and what to do. It holds no user's value. */
export interface Finding {
  /** The same finding again has the same: rule and subject. */
  readonly id: string;
  readonly rule: FindingRule;
  readonly severity: Severity;
  readonly subject: FindingSubject;
  /** One sentence with the figures that it rests on. */
  readonly reason: string;
  /** A command, or a line of code, that mends it. */
  readonly remedy: string;
}

/** A finding as it stands in `_bulkhead.stats`, `_id` `finding:<id>`, `kind` `finding`. */
export interface StoredFinding extends Finding {
  readonly first: Date;
  readonly last: Date;
  /** When it held no more; missing while it holds. */
  readonly resolvedAt?: Date;
}
