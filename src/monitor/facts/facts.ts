import type { Finding } from '../finding.js';
import type { ShapePlan } from '../explain/plan.js';
import type { Examined } from '../stats/read-examined.js';
import type { Lately } from './read-lately.js';
import type { ShapeStats } from '../stats/read-stats.js';
import type { ShapeText } from '../shape/shape.js';

/** An index as the database has it, and whether it is used. */
export interface IndexFacts {
  readonly name: string;
  /** In the order of the key. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly bytes: number;
  /** Its key with collation, partial filter and sparseness, as `formOf` writes it; missing where only the key is known. */
  readonly form?: string;
  /** Whether it does more than to be searched, or holds less than all documents: these are never advised away. */
  readonly isUnique: boolean;
  readonly isTtl: boolean;
  readonly isPartial: boolean;
  readonly isSparse: boolean;
  readonly hasCollation: boolean;
  readonly isHidden: boolean;
  /** Its paths over arrays; undefined where that was not asked, as of one that begins with no other. */
  readonly arrayPaths?: readonly string[];
  /** Undefined where the credential may not ask. The server counts per node, and anew after a restart. */
  readonly uses?: number;
  /** Since when uses are counted. */
  readonly since?: Date;
}

/** A collection, its size and its indexes. */
export interface CollectionFacts {
  readonly name: string;
  /** Of a time series, at least. */
  readonly documents: number;
  /** Of its documents, on disk. */
  readonly bytes: number;
  readonly indexes: readonly IndexFacts[];
}

/** How a collection was read and written in the last week. */
export interface LoadFacts {
  readonly collection: string;
  /** Documents, or commands where those are more. */
  readonly writes: number;
  readonly reads: number;
  readonly mostWritesInHour: number;
}

/** A shape that was seen lately, with all that is known of it. */
export interface ShapeFacts extends ShapeStats {
  readonly plan?: ShapePlan;
  /** What its commands have examined, where the profiler has seen them since its indexes are what they are. */
  readonly examined?: Examined;
  readonly lately: Lately;
  /** The same shape in the week before. */
  readonly before?: { readonly calls: number; readonly p95Ms: number };
}

/** A field that sent a command for each of its parents. */
export interface UnbatchedFacts {
  readonly operation: string;
  readonly field: string;
  /** Operations in which it did. */
  readonly times: number;
  /** The most commands in one. */
  readonly most: number;
}

/** A day's size of a database and of the disk it lies on. */
export interface SizeFacts {
  readonly day: Date;
  readonly bytes: number;
  readonly diskUsedBytes: number;
  readonly diskBytes: number;
}

/** A class's field that says when a document expires. */
export interface ExpiringField {
  readonly collection: string;
  readonly className: string;
  readonly path: string;
}

/** An index as a class declares it. */
export interface DeclaredFacts {
  readonly collection: string;
  readonly key: Readonly<Record<string, unknown>>;
  /** As of {@link IndexFacts}. */
  readonly form?: string;
  /** Its options in words. */
  readonly options?: readonly string[];
  readonly isUnique: boolean;
  readonly isTtl: boolean;
  /** Kept up to date, and used by nobody, as the class wants it. */
  readonly isHidden?: boolean;
}

/** A shape that fails without an index: it names it in its hint, or needs one of its kind. */
export interface HintedShape {
  readonly collection: string;
  readonly text: ShapeText;
}

/** All that the rules look at; they ask nothing else. */
export interface ProductFacts {
  readonly product: string;
  readonly now: Date;
  /** How much time the shapes were counted in. */
  readonly hours: number;
  readonly shapes: readonly ShapeFacts[];
  /** Of all time that is kept: whoever names an index fails without it, if only once a month. */
  readonly hinted: readonly HintedShape[];
  readonly unbatched: readonly UnbatchedFacts[];
  readonly collections: readonly CollectionFacts[];
  /** Collections that are there, and of which nothing is known: there are too many. */
  readonly unread: ReadonlySet<string>;
  /** Of collections with many indexes; one is missing where it could not be read. */
  readonly loads: readonly LoadFacts[];
  readonly declared: readonly DeclaredFacts[];
  readonly expiring: readonly ExpiringField[];
  /** Ids of the findings that hold: they are not over because fewer ask. */
  readonly open: ReadonlySet<string>;
  /** Of those that were resolved since the shapes are counted: what was counted before says nothing new. */
  readonly mended: ReadonlySet<string>;
  /** The oldest first; the last is today's. */
  readonly sizes: readonly SizeFacts[];
}

/** A rule: what of the facts is wrong. */
export type Rule = (facts: ProductFacts) => readonly Finding[];
