import {
  GraphQLBoolean,
  GraphQLEnumType,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLString,
} from 'graphql';
import type { mongo } from 'mongoose';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { DEFAULT_PAGE, MAX_PAGE } from '../graph/page.js';
import { DateTime } from '../graph/scalars.js';
import { FINDING_RULES } from './finding.js';
import { sentenceOf, treeOf } from './explain/plan-words.js';
import type { ShapePlan } from './explain/plan.js';
import { readFindings, SEVERITIES } from './stats/read-findings.js';
import {
  type OperationStats,
  readFields,
  readOperations,
  readTimeline,
  readTraffic,
  type StatsQuery,
  type StatsScope,
} from './stats/read-stats.js';
import {
  examinedBy,
  readSlowShapes,
  SHAPE_ORDERS,
  type ShapeOrder,
  type SlowShape,
} from './stats/slow-shapes.js';

/** One product, as an operator looks at it. */
export interface OpsProduct {
  readonly name: string;
  /** The state of its compartment. */
  readonly state: 'ready' | 'parked' | 'open';
  /** Whether it takes no writes, by an operator's word. */
  readonly readOnly: boolean;
  /** Reads its statistics in its compartment. @throws BulkheadError `PRODUCT_UNAVAILABLE` */
  read<T>(work: (db: mongo.Db, scope: StatsScope) => Promise<T>): Promise<T>;
}

/** What the context of an operation on the composed graph answers to operators. */
export interface OpsContext {
  /** The products that the caller may look at. @throws BulkheadError `UNAUTHENTICATED`, `FORBIDDEN` */
  ops(): readonly OpsProduct[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const some = <T extends GraphQLOutputType>(type: T) => new GraphQLNonNull(type);
const list = <T extends GraphQLOutputType>(type: T) => new GraphQLList(some(type));

/** A GraphQL enum of words, in capitals, with `-` as `_`. */
const enumOf = (name: string, description: string, words: readonly string[]) =>
  new GraphQLEnumType({
    name,
    description,
    values: Object.fromEntries(
      words.map((word) => [word.toUpperCase().replaceAll('-', '_'), { value: word }]),
    ),
  });

const State = enumOf('OpsState', 'The state of a product.', ['ready', 'parked', 'open']);
const Rule = enumOf('OpsRule', 'What a finding says.', FINDING_RULES);
const SeverityType = enumOf('OpsSeverity', 'How urgent a finding is.', SEVERITIES);
const FindingState = enumOf('OpsFindingState', 'Which findings.', ['open', 'resolved', 'all']);
const Order = enumOf('OpsShapeOrder', 'What shapes are ordered by, the most first.', SHAPE_ORDERS);

const since: GraphQLFieldConfigArgumentMap = {
  since: { type: DateTime, description: 'Default: a day ago. Hours are read whole; 30 days are kept.' },
};
const first: GraphQLFieldConfigArgumentMap = {
  first: { type: some(GraphQLInt), defaultValue: DEFAULT_PAGE, description: `1 to ${MAX_PAGE}.` },
};

interface Page {
  readonly since?: Date | null;
  readonly first: number;
}

const queryOf = (
  scope: StatsScope,
  args: { readonly since?: Date | null },
  longestMs = DAY_MS,
): StatsQuery => ({
  ...scope,
  since: args.since ?? new Date(Date.now() - longestMs),
});

function sizeOf({ first: size }: Pick<Page, 'first'>): number {
  if (size >= 1 && size <= MAX_PAGE) return size;
  throw new BulkheadError('BAD_USER_INPUT', `first: expected 1 to ${MAX_PAGE}, got ${size}.`);
}

// Counts of a month may pass what an Int holds.
const summary = {
  calls: { type: some(GraphQLFloat) },
  errors: { type: some(GraphQLFloat) },
  totalMs: { type: some(GraphQLFloat) },
  meanMs: { type: some(GraphQLFloat) },
  p50Ms: { type: some(GraphQLFloat) },
  p95Ms: { type: some(GraphQLFloat) },
  p99Ms: { type: some(GraphQLFloat) },
  lastSeen: { type: some(DateTime), resolve: ({ last }: { last: Date }) => last },
} satisfies GraphQLFieldConfigMap<{ last: Date }, OpsContext>;

const Finding = new GraphQLObjectType({
  name: 'OpsFinding',
  description: 'Something that is wrong in a product, why it is believed, and what to do.',
  fields: {
    id: { type: some(GraphQLID) },
    rule: { type: some(Rule) },
    severity: { type: some(SeverityType) },
    shape: { type: GraphQLID, resolve: ({ subject }) => subject.shape },
    collection: { type: GraphQLString, resolve: ({ subject }) => subject.collection },
    index: { type: GraphQLString, resolve: ({ subject }) => subject.index },
    operation: { type: GraphQLString, resolve: ({ subject }) => subject.operation },
    field: { type: GraphQLString, resolve: ({ subject }) => subject.field },
    reason: { type: some(GraphQLString) },
    remedy: { type: some(GraphQLString), description: 'A command, or a line of code.' },
    firstSeen: { type: some(DateTime), resolve: (finding) => finding.first },
    lastSeen: { type: some(DateTime), resolve: (finding) => finding.last },
    resolvedAt: { type: DateTime, description: 'Null while it holds.' },
  },
});

const PlanLine = new GraphQLObjectType({
  name: 'OpsPlanLine',
  fields: {
    line: { type: some(GraphQLString) },
    wrong: { type: GraphQLString, description: 'What is wrong with the stage.' },
  },
});

const Plan = new GraphQLObjectType<ShapePlan, OpsContext>({
  name: 'OpsPlan',
  description: 'How the server answers a shape, by a sample of it.',
  fields: {
    at: { type: some(DateTime) },
    problem: {
      type: GraphQLString,
      description: 'Why it could not be explained, or its documents not counted.',
    },
    documentsExamined: { type: some(GraphQLFloat) },
    keysExamined: { type: some(GraphQLFloat) },
    returned: { type: some(GraphQLFloat) },
    collectionScan: { type: some(GraphQLBoolean) },
    inMemorySort: { type: some(GraphQLBoolean) },
    isOff: {
      type: some(GraphQLBoolean),
      description: 'Whether it is an estimate that disagrees with what was counted.',
      resolve: ({ isOff = false }) => isOff,
    },
    indexes: { type: some(list(GraphQLString)) },
    sentence: { type: some(GraphQLString), resolve: sentenceOf },
    tree: { type: some(list(PlanLine)), resolve: treeOf },
  },
});

const Origin = new GraphQLObjectType({
  name: 'OpsOrigin',
  description: 'Who sends commands of a shape.',
  fields: {
    operation: { type: some(GraphQLString) },
    field: { type: some(GraphQLString), description: '`Type.field`.' },
    calls: { type: some(GraphQLFloat) },
  },
});

const Shape = new GraphQLObjectType<SlowShape, OpsContext>({
  name: 'OpsShape',
  description: 'All commands that the server plans alike, without their values.',
  fields: {
    id: { type: some(GraphQLID), resolve: ({ shape }) => shape },
    query: { type: some(GraphQLString), resolve: ({ words }) => words },
    collection: { type: some(GraphQLString) },
    command: { type: some(GraphQLString) },
    ...summary,
    documents: { type: some(GraphQLFloat), description: 'Read, or written.' },
    retries: { type: some(GraphQLFloat) },
    firstSeen: { type: some(DateTime), resolve: (shape) => shape.first },
    origins: {
      type: some(list(Origin)),
      args: first,
      resolve: ({ origins }, args: Page) => origins.slice(0, sizeOf(args)),
    },
    documentsExamined: {
      type: GraphQLFloat,
      description: 'By one call: as the profiler has seen it, else by the plan. Null where neither is known.',
      resolve: (shape) => examinedBy(shape)?.documents,
    },
    isSeen: {
      type: some(GraphQLBoolean),
      description: 'Whether `documentsExamined` is as it was, and not an estimate.',
      resolve: ({ examined }) => examined !== undefined,
    },
    plan: { type: Plan, description: 'Null until the worker has explained it.' },
    findings: { type: some(list(Finding)) },
  },
});

const Hour = new GraphQLObjectType({
  name: 'OpsHour',
  description: 'One hour of a shape.',
  fields: { hour: { type: some(DateTime) }, ...summary, documents: { type: some(GraphQLFloat) } },
});

const Operation = new GraphQLObjectType<OperationStats, OpsContext>({
  name: 'OpsOperation',
  description: 'All operations of one name.',
  fields: { name: { type: some(GraphQLString), resolve: ({ operation }) => operation }, ...summary },
});

const Traffic = new GraphQLObjectType({
  name: 'OpsTraffic',
  description: 'All operations of a product.',
  fields: summary,
});

const Client = new GraphQLObjectType({
  name: 'OpsClient',
  fields: {
    name: {
      type: some(GraphQLString),
      description: '`name@version` as the client says, or `-`.',
      resolve: ({ client }) => client,
    },
    calls: { type: some(GraphQLFloat) },
    lastSeen: { type: some(DateTime), resolve: ({ last }) => last },
  },
});

const Field = new GraphQLObjectType({
  name: 'OpsField',
  description: 'A field that clients ask for.',
  fields: {
    name: { type: some(GraphQLString), description: '`Type.field`.', resolve: ({ field }) => field },
    calls: { type: some(GraphQLFloat) },
    lastSeen: { type: some(DateTime), resolve: ({ last }) => last },
    clients: { type: some(list(Client)) },
  },
});

const Product = new GraphQLObjectType<OpsProduct, OpsContext>({
  name: 'OpsProduct',
  description: 'One product. What its database does not answer is null.',
  fields: {
    name: { type: some(GraphQLString) },
    state: { type: some(State) },
    readOnly: { type: some(GraphQLBoolean) },
    traffic: {
      type: Traffic,
      description: 'Null where there was none.',
      args: since,
      resolve: (product, args: Page) => product.read((db, scope) => readTraffic(db, queryOf(scope, args))),
    },
    shapes: {
      type: list(Shape),
      args: { ...since, sort: { type: some(Order), defaultValue: 'total' satisfies ShapeOrder }, ...first },
      resolve: (product, { sort, ...args }: Page & { sort: ShapeOrder }) => {
        const size = sizeOf(args);
        return product.read(async (db, scope) =>
          (await readSlowShapes(db, queryOf(scope, args), sort)).slice(0, size),
        );
      },
    },
    shape: {
      type: Shape,
      description: 'Null where it was not sent in the time.',
      args: { id: { type: new GraphQLNonNull(GraphQLID) }, ...since },
      resolve: (product, { id, ...args }: Page & { id: string }) =>
        product.read(async (db, scope) => {
          const [shape] = await readSlowShapes(db, { ...queryOf(scope, args), shape: id });
          return shape ?? null;
        }),
    },
    timeline: {
      type: list(Hour),
      description: 'One shape, hour by hour; hours without a call are left out.',
      args: { shape: { type: new GraphQLNonNull(GraphQLID) }, ...since },
      resolve: (product, { shape, ...args }: Page & { shape: string }) =>
        product.read((db, scope) => readTimeline(db, { ...queryOf(scope, args), shape })),
    },
    operations: {
      type: list(Operation),
      args: { ...since, ...first },
      resolve: (product, args: Page) => {
        const size = sizeOf(args);
        return product.read(async (db, scope) =>
          (await readOperations(db, queryOf(scope, args))).slice(0, size),
        );
      },
    },
    fields: {
      type: list(Field),
      description:
        'Which fields clients ask for, by name: what may be taken out of the schema, and what not.',
      args: {
        since: { type: DateTime, description: 'Default: 30 days ago. Days are read whole.' },
        type: { type: GraphQLString, description: 'Only fields of this type.' },
        after: { type: GraphQLString, description: 'The last name of the page before.' },
        ...first,
      },
      resolve: (
        product,
        { type, after, ...args }: Page & { type?: string | null; after?: string | null },
      ) => {
        const limit = sizeOf(args);
        return product.read((db, scope) =>
          readFields(db, {
            ...queryOf(scope, args, 30 * DAY_MS),
            ...(typeof type === 'string' && { type }),
            ...(typeof after === 'string' && { after }),
            limit,
          }),
        );
      },
    },
    findings: {
      type: list(Finding),
      description: 'The gravest first.',
      args: { state: { type: some(FindingState), defaultValue: 'open' }, ...first },
      resolve: (product, { state, ...args }: Page & { state: 'open' | 'resolved' | 'all' }) => {
        const size = sizeOf(args);
        return product.read(async (db, scope) => (await readFindings(db, scope, state)).slice(0, size));
      },
    },
  },
});

const Ops = new GraphQLObjectType<readonly OpsProduct[], OpsContext>({
  name: 'Ops',
  description: 'What the monitor knows, for operators.',
  fields: {
    products: { type: some(list(Product)), resolve: (products) => products },
    product: {
      type: Product,
      description: 'Null for a product that is not there, or that the caller may not look at.',
      args: { name: { type: new GraphQLNonNull(GraphQLString) } },
      resolve: (products, { name }: { name: string }) => products.find((one) => one.name === name) ?? null,
    },
  },
});

/** The namespace `ops` of the composed graph; its context is an `OpsContext`. */
export const opsNamespace = {
  type: Ops,
  description: 'What the monitor knows, for operators only.',
  resolve: (_source: unknown, _args: unknown, context: OpsContext) => context.ops(),
};
