import type { mongo } from 'mongoose';
import type { Draw } from './draw.js';

/** A field of generated documents. */
export interface Field {
  readonly path: string;
  readonly make: (n: number) => unknown;
}

const NAMES = [
  'tenant',
  'status',
  'author',
  'kind',
  'region',
  'channel',
  'owner',
  'stage',
  'account',
  'topic',
];
const TIMES = ['createdAt', 'publishedAt', 'seenAt', 'dueAt', 'sentAt'];
const NUMBERS = ['amount', 'score', 'views', 'weight', 'rank'];
const START = Date.UTC(2024, 0, 1);
const SPAN = 365 * 86_400_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'.split('');

/** Hands out fields whose names are not taken yet. */
export class Fields {
  readonly all: Field[] = [];
  readonly #draw: Draw;
  readonly #names: Record<'name' | 'time' | 'number', string[]>;

  constructor(draw: Draw) {
    this.#draw = draw;
    this.#names = {
      name: draw.shuffled(NAMES),
      time: draw.shuffled(TIMES),
      number: draw.shuffled(NUMBERS),
    };
  }

  #add(field: Field): Field {
    this.all.push(field);
    return field;
  }

  /** One of so many values; with a skew, the first of them are the most frequent. */
  choice(values: number, skew = this.#draw.of([1, 1, 2, 3]), path = this.#names.name.pop()!): Field {
    const draw = this.#draw;
    return this.#add({ path, make: () => `${path}-${Math.floor(draw.random() ** skew * values)}` });
  }

  /** The same but for a share, which has one of so many others. */
  mostly(share: number, others: number, path = this.#names.name.pop()!): Field {
    const draw = this.#draw;
    return this.#add({
      path,
      make: () => `${path}-${draw.chance(share) ? draw.whole(1, others) : 0}`,
    });
  }

  /** What jobs go through: a share of them waits still, or will be tried again. */
  state(waiting: number): Field {
    const draw = this.#draw;
    return this.#add({
      path: 'state',
      make: () => (draw.chance(waiting) ? draw.of(['waiting', 'again']) : draw.of(['done', 'void'])),
    });
  }

  time(): Field {
    const draw = this.#draw;
    return this.#add({
      path: this.#names.time.pop()!,
      make: () => new Date(START + Math.floor(draw.random() * SPAN)),
    });
  }

  number(to = 100_000): Field {
    const draw = this.#draw;
    return this.#add({ path: this.#names.number.pop()!, make: () => draw.whole(0, to) });
  }

  unique(path = 'email'): Field {
    return this.#add({ path, make: (n) => `${path}-${(n * 7919) % 1_000_003}` });
  }

  text(path = 'slug', length = 8): Field {
    const draw = this.#draw;
    return this.#add({
      path,
      make: () => Array.from({ length }, () => draw.of(LETTERS)).join(''),
    });
  }

  tags(values: number, most = 4, path = 'tags'): Field {
    const draw = this.#draw;
    return this.#add({
      path,
      make: () => [
        ...new Set(Array.from({ length: draw.whole(1, most) }, () => `tag-${draw.whole(0, values - 1)}`)),
      ],
    });
  }

  items(values: number, path = 'items'): Field {
    const draw = this.#draw;
    return this.#add({
      path,
      make: () =>
        Array.from({ length: draw.whole(1, 3) }, () => ({
          sku: `sku-${draw.whole(0, values - 1)}`,
          count: draw.whole(1, 50),
        })),
    });
  }

  nested(values: number, outer = 'place', inner = 'city'): Field {
    const draw = this.#draw;
    const field = { path: outer, make: () => ({ [inner]: `${inner}-${draw.whole(0, values - 1)}` }) };
    this.all.push(field);
    return { ...field, path: `${outer}.${inner}` };
  }

  documents(count: number): mongo.Document[] {
    return Array.from({ length: count }, (_, n) => ({
      ...Object.fromEntries(this.all.map(({ path, make }) => [path, make(n)])),
      filler: 'x'.repeat(40),
    }));
  }
}
