import { mongo } from 'mongoose';
import { escaped } from '../shape/regex.js';
import { compareValues, orderOf, valuesAt } from './values.js';

/** Stands for a value that no document has: it is planned like another, and matches nothing. */
export const NOBODY = new mongo.ObjectId('000000000000000000000000');
/** Another one. */
export const ANYBODY = new mongo.ObjectId('000000000000000000000001');

type Values = readonly unknown[];

/** Which values are taken from a sample. Default: those of its first document, and the middle of what ranges have. */
export interface Choice {
  /** Begins with so manieth document. */
  readonly from?: number;
  /** Equality asks for these, by path. */
  readonly equal?: ReadonlyMap<string, unknown>;
  /** Bounds of ranges, by path. */
  readonly bounds?: ReadonlyMap<string, Bounds>;
  /** Equality asks for what no document has. */
  readonly isNobody?: boolean;
  /** So many values where several are asked for. Default: as many as the shape has. */
  readonly several?: number;
  /** Others than the sample's. */
  readonly documents?: Values;
  /** Texts are asked for whole. */
  readonly isWhole?: boolean;
}

/** What stands in a range. */
export interface Bounds {
  readonly lower?: unknown;
  readonly upper?: unknown;
}

/**
 * A few documents of a collection, from which values for a shape are taken. They stay in memory for as long as one
 * shape is explained, and go nowhere.
 */
export class Sample {
  readonly documents: Values;
  readonly #choice: Choice;

  constructor(documents: Values, choice: Choice = {}) {
    this.documents = documents;
    this.#choice = choice;
  }

  /** The same documents, of which other values are taken. */
  with(choice: Choice): Sample {
    return new Sample(rotated(choice.documents ?? this.documents, choice.from ?? 0), choice);
  }

  /** The same documents, beginning with another one: the branches of an `$or` ask for different ones. */
  from(index: number): Sample {
    return new Sample(rotated(this.documents, index), this.#choice);
  }

  /** What the documents have at a path, elements of arrays one by one; the first document's come first. */
  at(path: string): SampleValues {
    const found = this.documents.flatMap((document) => valuesAt(document, path.split('.')));
    return new SampleValues(found, this.#choice, path);
  }

  /** Whether some have nothing, or null, at a path. */
  lacks(path: string): boolean {
    const segments = path.split('.');
    return this.documents.some((document) => {
      const values = valuesAt(document, segments);
      return values.length === 0 || values.includes(null);
    });
  }
}

function rotated(documents: Values, by: number): Values {
  const at = by % Math.max(1, documents.length);
  return at === 0 ? documents : [...documents.slice(at), ...documents.slice(0, at)];
}

/** The values of one field. */
export class SampleValues {
  readonly #values: Values;
  readonly #choice: Choice;
  readonly #path: string;

  constructor(found: Values, choice: Choice = {}, path = '') {
    const known = found.filter((value) => value !== null && value !== undefined);
    this.#values = known.length > 0 ? known : [found.includes(null) ? null : NOBODY];
    this.#choice = choice;
    this.#path = path;
  }

  /** One to be equal to. */
  get one(): unknown {
    const { equal, isNobody } = this.#choice;
    if (equal?.has(this.#path)) return equal.get(this.#path);
    return isNobody ? NOBODY : this.#values[0];
  }

  /** What a range was decided to hold. */
  get bounds(): Bounds {
    return this.#choice.bounds?.get(this.#path) ?? {};
  }

  /** So many different ones. */
  some(asked: number): Values {
    const count = asked > 1 ? (this.#choice.several ?? asked) : asked;
    if (count === 1) return [this.one];
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
    const [from, to] = this.#choice.isWhole ? [0, 40] : isPrefix ? [0, 3] : [1, 4];
    return escaped((text as string).slice(from, to)) || 'a';
  }

  /** The values as documents, for what is asked of an array's elements. */
  get elements(): Sample {
    return new Sample(this.#values);
  }
}
