import { mongo } from 'mongoose';
import { compareValues, orderOf, valuesAt } from './values.js';

/** Stands for a value that no document has: it is planned like another, and matches nothing. */
const NOBODY = new mongo.ObjectId('000000000000000000000000');

type Values = readonly unknown[];

/**
 * A few documents of a collection, from which values for a shape are taken. They stay in memory for as long as one
 * shape is explained, and go nowhere.
 */
export class Sample {
  readonly #documents: Values;

  constructor(documents: Values) {
    this.#documents = documents;
  }

  /** The same documents, beginning with another one: the branches of an `$or` ask for different ones. */
  from(index: number): Sample {
    const { length } = this.#documents;
    if (length === 0) return this;
    const at = index % length;
    return new Sample([...this.#documents.slice(at), ...this.#documents.slice(0, at)]);
  }

  /** What the documents have at a path, elements of arrays one by one; the first document's come first. */
  at(path: string): SampleValues {
    const found = this.#documents.flatMap((document) => valuesAt(document, path.split('.')));
    return new SampleValues(found);
  }
}

/** The values of one field. */
export class SampleValues {
  readonly #values: Values;

  constructor(found: Values) {
    const known = found.filter((value) => value !== null && value !== undefined);
    this.#values = known.length > 0 ? known : [found.includes(null) ? null : NOBODY];
  }

  /** One to be equal to. */
  get one(): unknown {
    return this.#values[0];
  }

  /** So many different ones. */
  some(count: number): Values {
    const byText = new Map(this.#values.map((value) => [orderOf(value).join(' '), value]));
    const some = [...byText.values()].slice(0, count);
    while (some.length < count) some.push(new mongo.ObjectId());
    return some;
  }

  /** One that so large a share of the values lies below. */
  bound(share: number): unknown {
    const sorted = [...this.#values].sort(compareValues);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  }

  /** A piece of a text. */
  piece(isPrefix: boolean): string {
    const text = this.#values.find((value) => typeof value === 'string' && value !== '') ?? 'a';
    const [from, to] = isPrefix ? [0, 3] : [1, 4];
    return (text as string).slice(from, to).replaceAll(/[^\w\s-]/g, '.') || 'a';
  }

  /** The values as documents, for what is asked of an array's elements. */
  get elements(): Sample {
    return new Sample(this.#values);
  }
}
