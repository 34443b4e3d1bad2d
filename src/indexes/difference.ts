import type { mongo } from 'mongoose';
import { type ChangeWithSpec, describeIndex, KIND_ORDER, toChange } from './changes.js';
import type { DeclaredIndex } from './declared-indexes.js';
import type { ExistingIndex } from './existing-indexes.js';
import { differencesOf, hasSameKey, type IndexSpec, meaningOf, signatureOf } from './index-spec.js';
import { fullName } from './named-index.js';

/** An index that was hidden in order to be dropped. */
export interface HiddenIndex {
  readonly collection: string;
  readonly name: string;
  readonly meaning: string;
  readonly hiddenAt: Date;
  /** Since when the server counts its uses: hiding and showing begin that anew. Missing where it could not be asked. */
  readonly countedSince?: Date;
  /** How long it was to stay hidden; missing in what an older version noted. */
  readonly waitMs?: number;
}

/** How long an index stays hidden before it is dropped, where nobody said otherwise. */
export const DEFAULT_WAIT_MS = 7 * 86_400_000;

/** How what no class declares is treated. */
export interface DropPolicy {
  /** Hides undeclared indexes, and drops those whose wait is over. */
  readonly dropUndeclared: boolean;
  /** Of undeclared indexes only those that these name, as {@link fullName}; nothing else is changed. */
  readonly drop?: readonly string[];
  /** How long an index stays hidden before it is dropped. Default: as was said when it was hidden, or 7 days. */
  readonly waitMs?: number;
  /** The server's time. */
  readonly now: Date;
}

/** An index that no class declares and that nothing happens to. */
export interface UndeclaredIndex {
  readonly collection: string;
  readonly name: string;
  readonly index: string;
  readonly hidden: boolean;
  /** When it was hidden in order to be dropped, and when it may be. */
  readonly hiddenAt?: string;
  readonly droppableAt?: string;
  /** What it may be confused with. */
  readonly note?: string;
}

/** What is to be done in one collection, in order. */
export interface Difference {
  readonly changes: readonly ChangeWithSpec[];
  readonly undeclared: readonly UndeclaredIndex[];
}

/** Compares what classes declare for one collection with what it has. Pure: asks no database. */
export function differenceOf(
  collection: string,
  declared: readonly DeclaredIndex[],
  existing: readonly ExistingIndex[],
  hidden: readonly HiddenIndex[],
  policy: DropPolicy,
): Difference {
  const { pairs, unmatched } = match(declared, existing);
  const changes: ChangeWithSpec[] = [];
  const taken = new Set([...existing.map(({ name }) => name), ...declared.filter(isNamed).map(nameOf)]);
  const gone = new Set<ExistingIndex>(pairs.values());
  const add = (change: Parameters<typeof toChange>[0], spec: IndexSpec) =>
    changes.push({ change: toChange(change), spec });

  for (const index of declared) {
    const { spec, by } = index;
    const found = pairs.get(index);
    const common = { collection, index: describeIndex(spec), after: meaningOf(spec) };
    if (found) {
      const set = stepsBetween(found.spec, spec);
      if (found.building) {
        const reason = `${by} declares it; the server is building it`;
        add(
          {
            ...common,
            kind: 'create',
            name: found.name,
            reason,
            definition: index.definition,
            building: true,
          },
          spec,
        );
      } else if (set) {
        const isUnhide = set['hidden'] === false && Object.keys(set).length === 1;
        const names = Object.keys(set).join(', ');
        const reason = isUnhide ? `${by} declares it` : `${by} declares it with other options (${names})`;
        const kind = isUnhide ? 'unhide' : 'modify';
        add({ ...common, kind, name: found.name, reason, before: meaningOf(found.spec), set }, spec);
      }
      continue;
    }
    const inTheWay = unmatched.filter((one) => !gone.has(one) && excludes(one, index));
    for (const one of inTheWay) {
      gone.add(one);
      taken.delete(one.name);
    }
    const name = index.isNamed ? index.name : freeName(index.name, taken);
    taken.add(name);
    const making = { ...common, name, definition: index.definition };
    if (inTheWay.length === 0) add({ ...making, kind: 'create', reason: `${by} declares it` }, spec);
    else {
      const reason = `${by} declares it otherwise (${inTheWay.map((one) => whyNot(one, index)).join('; ')}), and the server does not hold both`;
      const before = inTheWay.map((one) => `${one.name} ${meaningOf(one.spec)}`).join('; ');
      add({ ...making, kind: 'replace', reason, before, replaces: inTheWay.map(nameOf) }, spec);
    }
  }

  const undeclared: UndeclaredIndex[] = [];
  for (const one of unmatched.filter((index) => !gone.has(index))) {
    const before = meaningOf(one.spec);
    const record = hidden.find(
      (entry) => entry.name === one.name && entry.collection === collection && entry.meaning === before,
    );
    // Somebody who made it visible again wants to keep it.
    const since = one.spec.hidden ? record?.hiddenAt : undefined;
    const droppableAt = since && new Date(since.getTime() + waitOf(policy, record));
    const common = { collection, name: one.name, index: describeIndex(one.spec), before };
    const goes = policy.drop?.includes(fullName(common)) ?? policy.dropUndeclared;
    if (goes && droppableAt && droppableAt <= policy.now) {
      const reason = `no class declares it; hidden since ${since.toISOString()}`;
      add({ ...common, kind: 'drop', reason }, one.spec);
    } else if (goes && !since && !one.building) {
      const reason = `no class declares it${one.spec.hidden ? '; it is hidden already, and the wait begins' : ''}`;
      const after = meaningOf({ ...one.spec, hidden: true });
      add({ ...common, kind: 'hide', reason, after, waitMs: waitOf(policy) }, one.spec);
    } else {
      const alike = declared.find(({ spec }) => hasSameKey(spec, one.spec));
      undeclared.push({
        collection,
        name: one.name,
        index: common.index,
        hidden: one.spec.hidden,
        ...(since && { hiddenAt: since.toISOString(), droppableAt: droppableAt!.toISOString() }),
        ...(alike && {
          note: `${alike.by} declares the same key with other options (${differencesOf(one.spec, alike.spec).join(', ')})`,
        }),
      });
    }
  }
  changes.sort((a, b) => KIND_ORDER.indexOf(a.change.kind) - KIND_ORDER.indexOf(b.change.kind));
  return { changes: policy.drop ? changes.filter(isLeave) : changes, undeclared };
}

const isLeave = ({ change: { kind } }: ChangeWithSpec): boolean => kind === 'hide' || kind === 'drop';

const waitOf = ({ waitMs }: DropPolicy, record?: HiddenIndex): number =>
  waitMs ?? record?.waitMs ?? DEFAULT_WAIT_MS;

/** Pairs each declared index with the one that is it, or that can become it without being built anew. */
function match(declared: readonly DeclaredIndex[], existing: readonly ExistingIndex[]) {
  const pairs = new Map<DeclaredIndex, ExistingIndex>();
  const free = new Set(existing);
  const fits = (index: DeclaredIndex, one: ExistingIndex) => !index.isNamed || index.name === one.name;
  const tests: ((index: DeclaredIndex, one: ExistingIndex) => boolean)[] = [
    (index, one) => index.name === one.name && isSame(one.spec, index.spec),
    (index, one) => isSame(one.spec, index.spec),
    (index, one) =>
      stepsBetween(one.spec, index.spec) !== undefined && !one.building && index.name === one.name,
    (index, one) => stepsBetween(one.spec, index.spec) !== undefined && !one.building,
  ];
  for (const test of tests)
    for (const index of declared)
      for (const one of free)
        if (!pairs.has(index) && fits(index, one) && test(index, one)) {
          pairs.set(index, one);
          free.delete(one);
        }
  return { pairs, unmatched: [...free] };
}

const isSame = (one: IndexSpec, other: IndexSpec): boolean =>
  meaningOf(one) === meaningOf(other) && stepsBetween(one, other) === undefined;

/**
 * What `collMod` has to set to turn one index into another; undefined where there is nothing to do, or where `collMod`
 * cannot: it never takes an expiry or uniqueness away.
 */
export function stepsBetween(from: IndexSpec, to: IndexSpec): mongo.Document | undefined {
  const reachable: IndexSpec = {
    ...from,
    hidden: to.hidden,
    unique: from.unique || to.unique,
    ...(to.expireAfterSeconds !== undefined && { expireAfterSeconds: to.expireAfterSeconds }),
  };
  if (meaningOf(reachable) !== meaningOf(to)) return undefined;
  const set = {
    ...(from.hidden !== to.hidden && { hidden: to.hidden }),
    ...(from.expireAfterSeconds !== to.expireAfterSeconds && { expireAfterSeconds: to.expireAfterSeconds }),
    ...(!from.unique && to.unique && { unique: true }),
    // A conversion was given up half way, by us or by somebody.
    ...(from.prepareUnique && !to.unique && !to.prepareUnique && { prepareUnique: false }),
  };
  return Object.keys(set).length > 0 ? set : undefined;
}

const isText = ({ spec }: { spec: IndexSpec }): boolean => spec.key.some(([, kind]) => kind === 'text');
const isNamed = ({ isNamed: given }: DeclaredIndex): boolean => given;
const nameOf = ({ name }: { name: string }): string => name;

/** In what an index in the way differs from the declared one. */
const whyNot = (one: ExistingIndex, index: DeclaredIndex): string =>
  hasSameKey(one.spec, index.spec)
    ? differencesOf(one.spec, index.spec).join(', ') || `its name is ${one.name}`
    : isText(one) && isText(index)
      ? 'one text index per collection'
      : `${one.name} is another`;

/** Whether the server refuses the declared index while this one stands. */
const excludes = (one: ExistingIndex, index: DeclaredIndex): boolean =>
  signatureOf(one.spec) === signatureOf(index.spec) ||
  (index.isNamed && one.name === index.name) ||
  (isText(one) && isText(index));

/** The server's own name, or with a number where another index has that. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  for (let number = 2; ; number += 1) if (!taken.has(`${name}__${number}`)) return `${name}__${number}`;
}
