import type { mongo } from 'mongoose';
import type { WriteLoad } from '../../src/indexes/advise/cost.js';

/** How documents are looked for, with values: what the truth is measured by. */
export interface Probe {
  readonly collection: string;
  readonly filter: mongo.Document;
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly limit?: number;
  readonly projection?: mongo.Document;
  /** A `$group` that may need one document of each group, and the path by which it groups. */
  readonly group?: { readonly path: string; readonly stage: mongo.Document };
  /** How often one call looks so. Default once. */
  readonly times?: number;
}

/** One query of a workload as clients send it. */
export interface WorkloadQuery {
  /** A command: what the gateway would have seen. */
  readonly command: mongo.Document;
  readonly calls: number;
  /** For each of several executions, with other values, how it looks for documents. */
  readonly executions: readonly (readonly Probe[])[];
}

/** Data, what is asked of it, and what is there. */
export interface Workload {
  readonly class: string;
  readonly seed: string;
  readonly collections: Readonly<Record<string, readonly mongo.Document[]>>;
  readonly existing: readonly {
    readonly collection: string;
    readonly key: Readonly<Record<string, 1 | -1>>;
  }[];
  readonly queries: readonly WorkloadQuery[];
  /** Writes in the time observed, of the collection `things`. */
  readonly load: WriteLoad;
}
