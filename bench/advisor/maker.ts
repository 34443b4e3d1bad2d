import type { mongo } from 'mongoose';
import type { WriteLoad } from '../../src/indexes/advise/cost.js';
import { Draw } from './draw.js';
import { type Field, Fields } from './fields.js';
import type { Probe, Workload, WorkloadQuery } from './workload.js';

/** The collection that a workload is about. */
export const MAIN = 'things';
/** Executions that are observed; the truth is measured with the first few of them. */
export const EXECUTIONS = 24;

type Filter = mongo.Document;
/** Of a path in an index or a sort. */
export type Direction = 1 | -1;
interface Asked {
  readonly sort?: Record<string, Direction>;
  readonly limit?: number;
  readonly calls?: number;
  readonly projection?: mongo.Document;
}

/** What a class draws its workloads with. */
export class Maker {
  readonly draw: Draw;
  readonly fields: Fields;
  documents: mongo.Document[] = [];
  readonly queries: WorkloadQuery[] = [];
  existing: { collection: string; key: Record<string, Direction> }[] = [];
  others: Record<string, readonly mongo.Document[]> = {};
  load: WriteLoad = { whole: 0, changes: [] };

  constructor(seed: string) {
    this.draw = new Draw(seed);
    this.fields = new Fields(this.draw);
  }

  fill(count = this.draw.whole(1_500, 4_500)): void {
    this.documents = this.fields.documents(count);
    this.load = { whole: this.draw.scale(10, count), changes: [] };
  }

  calls(): number {
    return this.draw.scale(200, 20_000);
  }

  /** A value as documents have it: frequent ones are asked for often. */
  value({ path }: Field): unknown {
    const found = path
      .split('.')
      .reduce<unknown>((one, name) => (one as mongo.Document)[name], this.draw.of(this.documents));
    return Array.isArray(found) ? this.draw.of<unknown>(found) : found;
  }

  values(field: Field, count: number): unknown[] {
    const found = new Set<unknown>();
    for (let tries = 0; found.size < count && tries < 50 + 4 * count; tries += 1)
      found.add(this.value(field));
    return [...found];
  }

  /** Bounds around a share of all values. */
  between(field: Field, share: number): Filter {
    const all = this.documents
      .map((one) => one[field.path] as number | Date)
      .sort((a, b) => Number(a) - Number(b));
    const from = Math.floor(this.draw.random() * (1 - share) * all.length);
    return { $gte: all[from], $lt: all[Math.min(all.length - 1, from + Math.ceil(share * all.length))] };
  }

  /** What is new since, of which there are so many. */
  since(field: Field, count: number): Filter {
    const all = this.documents.map((one) => one[field.path] as Date).sort((a, b) => Number(b) - Number(a));
    return { $gt: all[count] };
  }

  /** What is due, when so many are. */
  due(field: Field, count: number): Filter {
    const all = this.documents.map((one) => one[field.path] as Date).sort((a, b) => Number(a) - Number(b));
    return { $lt: all[count] };
  }

  find(filter: () => Filter, { sort, limit, calls = this.calls(), projection }: Asked = {}): void {
    const probes = Array.from({ length: EXECUTIONS }, (): Probe[] => [
      {
        collection: MAIN,
        filter: filter(),
        ...(sort && { sort }),
        ...(limit && { limit }),
        ...(projection && { projection }),
      },
    ]);
    const command = {
      find: MAIN,
      filter: probes[0]![0]!.filter,
      ...(sort && { sort }),
      ...(limit && { limit }),
      ...(projection && { projection }),
    };
    this.queries.push({ command, calls, executions: probes });
  }

  workload(name: string, seed: string): Workload {
    return {
      class: name,
      seed,
      collections: { [MAIN]: this.documents, ...this.others },
      existing: this.existing,
      queries: this.queries,
      load: this.load,
    };
  }
}
