import type { Draw } from './draw.js';
import { type Field, Fields } from './fields.js';
import { type Direction, EXECUTIONS, MAIN, Maker } from './maker.js';
import type { Probe, Workload } from './workload.js';

const page = (draw: Draw): number => draw.of([10, 20, 50]);

/** What is drawn for each class. */
const CLASSES: Readonly<Record<string, (make: Maker) => void>> = {
  equality: (make) => {
    const { draw, fields } = make;
    const some = Array.from({ length: draw.whole(1, 3) }, () => fields.choice(draw.scale(5, 2_000)));
    make.fill();
    make.find(() => Object.fromEntries(some.map((one) => [one.path, make.value(one)])));
  },
  'equality and sort': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(3, 50));
    const at = fields.time();
    make.fill();
    make.find(() => ({ [by.path]: make.value(by) }), {
      sort: { [at.path]: draw.of([1, -1] as const) },
      limit: page(draw),
    });
  },
  'equality and range': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(4, 100));
    const at = draw.chance(0.5) ? fields.time() : fields.number();
    make.fill();
    const share = draw.of([0.02, 0.1, 0.3]);
    make.find(() => ({ [by.path]: make.value(by), [at.path]: make.between(at, share) }));
  },
  'equality, sort and range': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(3, 30));
    const at = fields.time();
    const amount = fields.number();
    make.fill();
    const share = draw.of([0.02, 0.3, 0.7]);
    make.find(() => ({ [by.path]: make.value(by), [amount.path]: make.between(amount, share) }), {
      sort: { [at.path]: -1 },
      limit: page(draw),
    });
  },
  'a narrow range': (make) => {
    const { draw, fields } = make;
    const at = fields.time();
    make.fill();
    if (draw.chance(0.5)) make.find(() => ({ [at.path]: make.since(at, draw.whole(0, 5)) }));
    else make.find(() => ({ [at.path]: make.between(at, draw.of([0.0002, 0.001])) }));
  },
  'one of several, sorted': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(8, 200), 1);
    const at = fields.time();
    make.fill();
    const count = draw.whole(2, 5);
    make.find(() => ({ [by.path]: { $in: make.values(by, count) } }), {
      sort: { [at.path]: -1 },
      limit: page(draw),
    });
  },
  'a shared beginning': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(20, 200), 1);
    const and = fields.choice(draw.scale(3, 20));
    const at = fields.time();
    make.fill();
    const first = () => ({ [by.path]: make.value(by) });
    make.find(first);
    make.find(() => ({ ...first(), [and.path]: make.value(and) }));
    if (draw.chance(0.5)) make.find(first, { sort: { [at.path]: -1 }, limit: page(draw) });
  },
  'both directions': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(3, 30));
    const at = fields.time();
    const rank = fields.number(20);
    make.fill();
    const first = () => ({ [by.path]: make.value(by) });
    const limit = page(draw);
    const isMixed = draw.chance(0.5);
    const one: Record<string, Direction> = isMixed ? { [rank.path]: 1, [at.path]: -1 } : { [at.path]: -1 };
    const other: Record<string, Direction> = isMixed ? { [rank.path]: -1, [at.path]: 1 } : { [at.path]: 1 };
    make.find(first, { sort: one, limit });
    make.find(first, { sort: other, limit });
  },
  'either, or': (make) => {
    const { draw, fields } = make;
    const one = fields.choice(draw.scale(100, 1_000), 1);
    const other = fields.choice(draw.scale(100, 1_000), 1);
    make.fill();
    make.find(() => ({ $or: [{ [one.path]: make.value(one) }, { [other.path]: make.value(other) }] }));
    if (draw.chance(0.4)) make.find(() => ({ [one.path]: make.value(one) }));
  },
  arrays: (make) => {
    const { draw, fields } = make;
    const tags = fields.tags(draw.scale(20, 300));
    const at = fields.time();
    const more = draw.chance(0.4) ? fields.tags(draw.scale(20, 300), 3, 'teams') : undefined;
    make.fill();
    if (more) make.find(() => ({ [tags.path]: make.value(tags), [more.path]: make.value(more) }));
    else make.find(() => ({ [tags.path]: make.value(tags) }), { sort: { [at.path]: -1 }, limit: page(draw) });
  },
  'regular expressions': (make) => {
    const { draw, fields } = make;
    const text = fields.text();
    const by = fields.choice(draw.scale(3, 20));
    make.fill();
    const isBeginning = draw.chance(0.7);
    const isAlone = isBeginning && draw.chance(0.5);
    const piece = () => {
      const value = String(make.value(text));
      return new RegExp(isBeginning ? `^${value.slice(0, 3)}` : value.slice(2, 5));
    };
    make.find(() =>
      isAlone ? { [text.path]: piece() } : { [by.path]: make.value(by), [text.path]: piece() },
    );
  },
  'better scanned': (make) => {
    const { draw, fields } = make;
    const flag = fields.choice(draw.of([1, 2]), 1);
    const amount = fields.number();
    make.fill();
    if (draw.chance(0.5)) make.find(() => ({ [flag.path]: make.value(flag) }));
    else make.find(() => ({ [amount.path]: make.between(amount, 0.8) }));
    if (draw.chance(0.3)) make.find(() => ({ [flag.path]: { $ne: 'nothing' } }));
  },
  'asked rarely': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(50, 500));
    const at = fields.time();
    make.fill();
    make.find(() => ({ [by.path]: make.value(by) }), { calls: draw.whole(1, 6) });
    if (draw.chance(0.5))
      make.find(() => ({ [at.path]: make.between(at, 0.01) }), { calls: draw.whole(1, 3) });
  },
  'match and group': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(20, 200), 1);
    const group = fields.choice(draw.scale(3, 10));
    const amount = fields.number();
    make.fill();
    const filter = () => ({ [by.path]: make.value(by) });
    const probes = Array.from({ length: EXECUTIONS }, (): Probe[] => [
      { collection: MAIN, filter: filter(), projection: { _id: 0, [group.path]: 1, [amount.path]: 1 } },
    ]);
    make.queries.push({
      command: {
        aggregate: MAIN,
        pipeline: [
          { $match: probes[0]![0]!.filter },
          { $group: { _id: `$${group.path}`, sum: { $sum: `$${amount.path}` } } },
        ],
      },
      calls: make.calls(),
      executions: probes,
    });
  },
  lookup: (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(100, 400), 1);
    const parent = fields.unique('code');
    make.fill(draw.whole(1_500, 2_500));
    const children = new Fields(draw);
    children.all.push({ path: 'thing', make: () => make.value(parent) });
    const notes = children.documents(draw.whole(1_500, 4_000));
    make.others = { notes };
    const outer = () => ({ [by.path]: make.value(by) });
    const executions = Array.from({ length: EXECUTIONS }, (): Probe[] => {
      const filter = outer();
      const found = make.documents.filter((one) => one[by.path] === filter[by.path]);
      return [
        { collection: MAIN, filter },
        {
          collection: 'notes',
          filter: { thing: draw.of(found)[parent.path] as string },
          times: found.length,
        },
      ];
    });
    make.queries.push({
      command: {
        aggregate: MAIN,
        pipeline: [
          { $match: executions[0]![0]!.filter },
          { $lookup: { from: 'notes', localField: parent.path, foreignField: 'thing', as: 'notes' } },
        ],
      },
      calls: draw.scale(200, 2_000),
      executions,
    });
  },
  'served already': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(20, 200), 1);
    const at = fields.time();
    const unrelated = fields.choice(draw.scale(20, 200), 1);
    make.fill();
    make.existing = [{ collection: MAIN, key: { [by.path]: 1, [at.path]: draw.of([1, -1] as const) } }];
    const first = () => ({ [by.path]: make.value(by) });
    make.find(first, { sort: { [at.path]: -1 }, limit: page(draw) });
    make.find(first);
    if (draw.chance(0.4)) make.find(() => ({ [unrelated.path]: make.value(unrelated) }));
  },
  'written much': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(10, 300), 1);
    const at = fields.time();
    make.fill();
    const writes = make.documents.length * draw.scale(2, 200);
    make.load = {
      whole: draw.scale(10, 100),
      changes: [{ paths: [draw.chance(0.6) ? at.path : 'filler'], documents: writes }],
    };
    make.find(() => ({ [by.path]: make.value(by) }), {
      sort: { [at.path]: -1 },
      limit: page(draw),
      calls: draw.scale(20, 3_000),
    });
  },
  nested: (make) => {
    const { draw, fields } = make;
    const items = fields.items(draw.scale(30, 300));
    const city = fields.nested(draw.scale(20, 200));
    make.fill();
    if (draw.chance(0.5))
      make.find(() => {
        const { sku } = make.value(items) as { sku: string };
        return { items: { $elemMatch: { sku, count: { $gte: draw.whole(1, 40) } } } };
      });
    else make.find(() => ({ [city.path]: make.value(city) }));
  },
  'bounds apart': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(4, 50));
    const at = draw.chance(0.5) ? fields.time() : fields.number();
    make.fill();
    const isBeside = draw.chance(0.5);
    const share = isBeside ? draw.of([0.02, 0.1]) : draw.of([0.0005, 0.005]);
    make.find(() => {
      const { $gte, $lt } = make.between(at, share);
      const own = isBeside ? [{ [by.path]: make.value(by) }] : [];
      return { $and: [...own, { [at.path]: { $gte } }, { [at.path]: { $lt } }] };
    });
  },
  'a long list': (make) => {
    const { draw, fields } = make;
    const isUnique = draw.chance(0.5);
    const by = isUnique ? fields.unique() : fields.choice(draw.scale(300, 2_000), 1);
    const and = fields.choice(draw.scale(2, 5));
    make.fill();
    const count = isUnique ? draw.scale(20, 200) : draw.scale(10, 60);
    const isMore = draw.chance(0.4);
    make.find(() => ({
      [by.path]: { $in: make.values(by, count) },
      ...(isMore && { [and.path]: make.value(and) }),
    }));
  },
  'one of several rare ones': (make) => {
    const { draw, fields } = make;
    const state = fields.mostly(draw.of([0.002, 0.01]), draw.whole(1, 3));
    const by = fields.choice(draw.scale(3, 20), 1);
    make.fill();
    const isMore = draw.chance(0.4);
    make.find(() => ({
      [state.path]: { $in: [`${state.path}-1`, `${state.path}-2`] },
      ...(isMore && { [by.path]: make.value(by) }),
    }));
  },
  'either, or, twice': (make) => {
    const { draw, fields } = make;
    const [one, other] = [fields.choice(draw.scale(100, 1_000), 1), fields.choice(draw.scale(100, 1_000), 1)];
    const [wide, wider] = [fields.choice(draw.scale(2, 10), 1), fields.choice(draw.scale(2, 10), 1)];
    make.fill(draw.whole(1_500, 2_500));
    const either = (...fields: readonly Field[]) => ({
      $or: fields.map((field) => ({ [field.path]: make.value(field) })),
    });
    const isOfOneForm = draw.chance(0.3);
    make.find(() => ({ $and: [either(wide, wider), isOfOneForm ? either(one, one) : either(one, other)] }));
  },
  'the first of each': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(5, 60), 1);
    const at = fields.time();
    make.fill();
    const sort: Record<string, Direction> = { [by.path]: 1, [at.path]: draw.of([1, -1] as const) };
    const picked = draw.of([undefined, '$$ROOT', `$${at.path}`] as const);
    const stage = { $group: { _id: `$${by.path}`, ...(picked && { first: { $first: picked } }) } };
    const probe: Probe = {
      collection: MAIN,
      filter: {},
      ...(picked && { sort }),
      group: { path: by.path, stage },
    };
    make.queries.push({
      command: { aggregate: MAIN, pipeline: [...(picked ? [{ $sort: sort }] : []), stage] },
      calls: make.calls(),
      executions: [[probe]],
    });
  },
  'job queues': (make) => {
    const { draw, fields } = make;
    // Mostly empty; or many wait of whom hardly any is due.
    const isEmpty = draw.chance(0.7);
    const state = fields.state(isEmpty ? draw.of([0, 0, 0.001, 0.01]) : 0.6);
    const at = fields.time();
    make.fill();
    const wanted = draw.chance(0.6) ? { $in: ['waiting', 'again'] } : 'waiting';
    const due = () => make.due(at, isEmpty ? make.documents.length - 1 : draw.whole(0, 4));
    make.find(
      () => ({ [state.path]: wanted, [at.path]: due() }),
      draw.chance(0.6) ? { sort: { [at.path]: 1 }, limit: page(draw) } : {},
    );
  },
  'several at once': (make) => {
    const { draw, fields } = make;
    const by = fields.choice(draw.scale(20, 100), 1);
    const and = fields.choice(draw.scale(3, 10));
    const at = fields.time();
    const amount = fields.number();
    make.fill();
    const first = () => ({ [by.path]: make.value(by) });
    make.find(() => ({ ...first(), [and.path]: make.value(and) }), {
      sort: { [at.path]: -1 },
      limit: page(draw),
    });
    make.find(first, { sort: { [at.path]: -1 }, limit: page(draw) });
    make.find(() => ({ [amount.path]: make.between(amount, draw.of([0.005, 0.02])) }));
  },
};

/** The classes by name. */
export const CLASS_NAMES = Object.keys(CLASSES);

/** Draws workloads: so many of each class. */
export function drawWorkloads(
  seed: string,
  each: number,
  names: readonly string[] = CLASS_NAMES,
): Workload[] {
  return names.flatMap((name) =>
    Array.from({ length: each }, (_, n) => {
      const own = `${seed} ${name} ${n}`;
      const make = new Maker(own);
      CLASSES[name]!(make);
      return make.workload(name, own);
    }),
  );
}
