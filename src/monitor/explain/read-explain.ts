import type { PlanStage, ShapePlan } from './plan.js';

/** What an explanation says: a plan, without the shape that it is of. */
export type ExplainedPlan = Omit<ShapePlan, 'shape' | 'at' | 'problem'>;

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nodes = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const count = (value: unknown): number | undefined =>
  value === undefined || value === null || !Number.isFinite(Number(value)) ? undefined : Number(value);

/** Stages of plans, and names of stages of pipelines: nothing else of an explanation is text that is kept, but indexes. */
const STAGE = /^(?:[A-Z][A-Z_]{0,40}|\$[A-Za-z]{1,30})$/;

/**
 * Reads what `explain` answers, of the classic engine and of the slot-based one, for a query or a pipeline. Filters,
 * bounds and whatever else may hold a value are left behind.
 */
export function readExplain(answer: unknown): ExplainedPlan {
  return readRoot(isNode(answer) ? rootOf(answer) : EMPTY);
}

/** A plan from its stages. */
export function readRoot(root: PlanStage): ExplainedPlan {
  const flat = [...walk(root)];
  const sum = (key: 'documentsExamined' | 'keysExamined') =>
    flat.reduce((total, stage) => total + (stage[key] ?? 0), 0);
  const indexes = flat.flatMap(({ index }) => (index === undefined ? [] : [index]));
  return {
    documentsExamined: sum('documentsExamined'),
    keysExamined: sum('keysExamined'),
    returned: root.returned ?? 0,
    collectionScan: flat.some(
      ({ stage, index }) => stage === 'COLLSCAN' || (isJoin(stage) && index === undefined),
    ),
    inMemorySort: flat.some(({ stage }) => stage === 'SORT'),
    indexes: [...new Set(indexes)].sort(),
    root,
  };
}

const EMPTY: PlanStage = { stage: 'NONE', inputs: [] };

/** A join of the slot-based engine without an index reads the other collection whole. */
const isJoin = (stage: string): boolean => stage === 'EQ_LOOKUP';

/** A stage and all that it is fed by. */
export function* walk(stage: PlanStage): Iterable<PlanStage> {
  yield stage;
  for (const input of stage.inputs) yield* walk(input);
}

function rootOf(answer: Node): PlanStage {
  if (Array.isArray(answer['stages'])) return ofPipeline(nodes(answer['stages'])) ?? EMPTY;
  if (isNode(answer['shards'])) {
    const inputs = Object.values(answer['shards']).filter(isNode).map(rootOf);
    return { stage: 'SHARDS', returned: inputs.reduce((sum, one) => sum + (one.returned ?? 0), 0), inputs };
  }
  return isNode(answer['queryPlanner']) ? ofQuery(answer) : EMPTY;
}

/** @returns undefined for a pipeline without stages. */
function ofPipeline(stages: readonly Node[]): PlanStage | undefined {
  let root: PlanStage | undefined;
  for (const stage of stages) {
    const name = Object.keys(stage).find((key) => key.startsWith('$'));
    const body = name === undefined ? undefined : stage[name];
    if (name === undefined || name === '$internalFacetTeeConsumer') continue;
    if (name === '$cursor' && isNode(body)) {
      root = ofQuery(body);
      continue;
    }
    root = { ...ofStage(name, stage, body), inputs: [...(root ? [root] : []), ...inside(name, stage, body)] };
  }
  return root;
}

function ofStage(name: string, stage: Node, body: unknown): PlanStage {
  const isLookup = name === '$lookup' || name === '$graphLookup';
  const returned = count(stage['nReturned']);
  const ms = count(stage['executionTimeMillisEstimate']);
  // What a cursor has counted stands at the cursor already.
  const examined = isLookup ? count(stage['totalDocsExamined']) : undefined;
  const keys = isLookup ? count(stage['totalKeysExamined']) : undefined;
  return {
    stage: STAGE.test(name) ? name : 'OTHER',
    ...(keys !== undefined && { keysExamined: keys }),
    ...(examined !== undefined && { documentsExamined: examined }),
    ...(returned !== undefined && { returned }),
    ...(ms !== undefined && { ms }),
    ...(isNode(body) && isLookup ? lookupIndex(stage) : {}),
    inputs: [],
  };
}

const lookupIndex = (stage: Node): { readonly index?: string } => {
  const [index] = Array.isArray(stage['indexesUsed']) ? (stage['indexesUsed'] as unknown[]) : [];
  return typeof index === 'string' ? { index } : {};
};

/** What a stage reads beside the stages before it. */
function inside(name: string, stage: Node, body: unknown): readonly PlanStage[] {
  if (!isNode(body)) return [];
  if (name === '$unionWith') {
    const inner = body['pipeline'];
    const plan = Array.isArray(inner) ? ofPipeline(nodes(inner)) : isNode(inner) ? rootOf(inner) : undefined;
    return plan ? [plan] : [];
  }
  if (name === '$facet') return Object.values(body).flatMap((pipeline) => ofPipeline(nodes(pipeline)) ?? []);
  // What a join has scanned is counted on the join; it is named here, to be found like any other scan.
  if (name === '$lookup' && (count(stage['collectionScans']) ?? 0) > 0)
    return [{ stage: 'COLLSCAN', inputs: [] }];
  return [];
}

function ofQuery(answer: Node): PlanStage {
  const planner = answer['queryPlanner'] as Node;
  const stats = isNode(answer['executionStats']) ? answer['executionStats'] : undefined;
  const winning = isNode(planner['winningPlan']) ? planner['winningPlan'] : {};
  const executed = isNode(stats?.['executionStages']) ? stats['executionStages'] : undefined;
  const plan = isNode(winning['queryPlan'])
    ? ofSlotBased(winning['queryPlan'], executed ? countsIn(executed) : new Map())
    : ofClassic(executed ?? winning);
  const returned = count(stats?.['nReturned']);
  const ms = count(stats?.['executionTimeMillis']);
  return {
    ...plan,
    // A count returns no documents.
    ...(returned !== undefined && plan.stage !== 'COUNT' && { returned }),
    ...(ms !== undefined && { ms }),
  };
}

const inputsOf = (node: Node): readonly Node[] => [
  ...(isNode(node['inputStage']) ? [node['inputStage']] : []),
  ...nodes(node['inputStages']),
  ...nodes(node['shards']).flatMap((shard) => {
    const plan = shard['executionStages'] ?? shard['winningPlan'];
    return isNode(plan) ? [plan] : [];
  }),
  ...['outerStage', 'innerStage', 'thenStage', 'elseStage'].flatMap((key) => {
    const input = node[key];
    return isNode(input) ? [input] : [];
  }),
];

function ofClassic(node: Node): PlanStage {
  const { stage, indexName } = node;
  const index = typeof indexName === 'string' ? indexName : stage === 'IDHACK' ? '_id_' : undefined;
  const keys = count(node['keysExamined']);
  const documents = count(node['docsExamined']);
  const returned = count(node['nCounted'] ?? node['nReturned']);
  const ms = count(node['executionTimeMillisEstimate']);
  return {
    stage: nameOf(stage),
    ...(index !== undefined && { index }),
    ...(keys !== undefined && { keysExamined: keys }),
    ...(documents !== undefined && { documentsExamined: documents }),
    ...(returned !== undefined && { returned }),
    ...(ms !== undefined && { ms }),
    inputs: inputsOf(node).map(ofClassic),
  };
}

const nameOf = (stage: unknown): string => (typeof stage === 'string' && STAGE.test(stage) ? stage : 'OTHER');

interface Counts {
  returned: number | undefined;
  documents: number;
  keys: number;
}

/** What the slot-based engine has counted, by the node of the plan that its stages were made from. */
function countsIn(root: Node): ReadonlyMap<number, Counts> {
  const byId = new Map<number, Counts>();
  const look = (node: Node): void => {
    const id = count(node['planNodeId']) ?? -1;
    // The outermost stage of a node says what the node returns.
    const counts = byId.get(id) ?? { returned: count(node['nReturned']), documents: 0, keys: 0 };
    byId.set(id, counts);
    const name = String(node['stage']);
    const reads = count(node['keysExamined'] ?? node['numReads']) ?? 0;
    if (/^(?:scan|pscan|seek)$/.test(name)) counts.documents += count(node['numReads']) ?? 0;
    if (name.startsWith('ix')) counts.keys += reads;
    inputsOf(node).forEach(look);
  };
  look(root);
  return byId;
}

function ofSlotBased(node: Node, counted: ReadonlyMap<number, Counts>): PlanStage {
  const counts = counted.get(count(node['planNodeId']) ?? -2);
  const { indexName } = node;
  return {
    stage: nameOf(node['stage']),
    ...(typeof indexName === 'string' && { index: indexName }),
    ...(counts && counts.keys > 0 && { keysExamined: counts.keys }),
    ...(counts && counts.documents > 0 && { documentsExamined: counts.documents }),
    ...(counts?.returned !== undefined && { returned: counts.returned }),
    inputs: inputsOf(node).map((input) => ofSlotBased(input, counted)),
  };
}
