import { mongo } from 'mongoose';

/** One name of the paths of an index, with those below it: what they share is taken apart once. */
interface Node {
  /** Holds its value while keys are made. */
  readonly field: string;
  readonly inner: Map<string, Node>;
  /** A path ends here. */
  isEnd?: true;
}

/** Stages that make of each document the keys that an index has for it, one after the other. */
export interface KeyStages {
  readonly stages: readonly mongo.Document[];
  /** The fields of the keys, one for each path, in order; missing where a document has nothing there. */
  readonly fields: readonly string[];
}

/** A place in an array, where there is one. */
const isPlace = (name: string): boolean => /^(?:0|[1-9]\d*)$/.test(name);
/** What an index has for an empty array: like no other value, and the same for all of them. */
const EMPTY = { $literal: new mongo.MaxKey() };

/**
 * How an index of plain paths sees documents: paths through one array have a key for each of its elements, and not one
 * for each with each; a number is a place in an array, or the name of a field; an array in an array is a value.
 *
 * @returns undefined where it is not certain: one array by its places and by its elements.
 */
export function keyStages(paths: readonly string[]): KeyStages | undefined {
  const root: Node = { field: '', inner: new Map() };
  let nodes = 0;
  const fields = paths.map((path) => {
    let node = root;
    for (const name of path.split('.')) {
      const next = node.inner.get(name) ?? { field: `n${(nodes += 1)}`, inner: new Map<string, Node>() };
      node.inner.set(name, next);
      node = next;
    }
    node.isEnd = true;
    return node.field;
  });
  const stages = stagesBelow(root, '$of');
  // What keys are made in is no field of the document's own.
  return stages && { stages: [{ $project: { of: '$$ROOT' } }, ...stages], fields };
}

function stagesBelow({ inner, isEnd }: Node, parent: string): mongo.Document[] | undefined {
  const names = [...inner.keys()];
  if (names.some(isPlace) && (isEnd || !names.every(isPlace))) return undefined;
  const stages: mongo.Document[] = [];
  for (const [name, node] of inner) {
    const below = stagesBelow(node, `$${node.field}`);
    if (!below || (isPlace(name) && node.isEnd && node.inner.size > 0)) return undefined;
    stages.push({
      $set: { [node.field]: isPlace(name) ? valueAt(parent, name, node) : valueUnder(parent, name) },
    });
    // Places are looked up in the array as it is.
    if (![...node.inner.keys()].some(isPlace)) stages.push(...apart(node));
    stages.push(...below);
  }
  return stages;
}

/** What stands under a name: arrays in arrays are not looked into by name. */
const valueUnder = (parent: string, name: string): mongo.Document => ({
  $cond: [{ $eq: [{ $type: parent }, 'object'] }, `${parent}.${name}`, '$$REMOVE'],
});

/** What stands at a place of an array, or under the number as a name. */
function valueAt(parent: string, name: string, { isEnd }: Node): mongo.Document {
  const at = { $arrayElemAt: [parent, Number(name)] };
  // An array at the place where a path ends is a value.
  const isWhole = { $and: [isEnd === true, { $isArray: at }, { $ne: [at, []] }] };
  return { $cond: [{ $isArray: parent }, { $cond: [isWhole, [at], at] }, valueUnder(parent, name)] };
}

/** One document for each element. */
function apart({ field, inner }: Node): mongo.Document[] {
  const value = `$${field}`;
  // Equal ones are one; an empty array would vanish.
  const elements = inner.size > 0 ? value : { $setUnion: [value, []] };
  const taken = { $cond: [{ $eq: [value, []] }, [EMPTY], elements] };
  return [
    { $set: { [field]: { $cond: [{ $isArray: value }, taken, value] } } },
    { $unwind: { path: value, preserveNullAndEmptyArrays: true } },
  ];
}
