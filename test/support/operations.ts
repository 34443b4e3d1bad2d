import fc from 'fast-check';
import { getNamedType, type GraphQLObjectType, type GraphQLSchema, isObjectType } from 'graphql';

/** A selection of a generated operation. */
type Selection =
  | { readonly kind: 'field'; readonly text: string; readonly directive: string; readonly below: Selections }
  | { readonly kind: 'inline'; readonly on: string; readonly directive: string; readonly below: Selections }
  | { readonly kind: 'spread'; readonly on: string; readonly index: number; readonly directive: string };
type Selections = readonly Selection[];

/** A generated query, to be written for one endpoint or the other. */
export interface GeneratedOperation {
  readonly selections: Selections;
  readonly fragments: Readonly<Record<string, readonly Selections[]>>;
  readonly conditions: { readonly yes: boolean; readonly no: boolean };
}

/** What a generator of operations needs to know beside the schema. */
export interface OperationsOptions {
  readonly schema: GraphQLSchema;
  /** The ways to ask a field, by its coordinate: argument lists such as `(id: $post)`. A field with arguments that is not here is left out. */
  readonly asked?: Readonly<Record<string, readonly string[]>>;
  /** Fields that are left out. */
  readonly without?: ReadonlySet<string>;
  readonly depth?: number;
}

const DIRECTIVES = [
  '',
  '',
  '',
  ' @include(if: $yes)',
  ' @skip(if: $yes)',
  ' @include(if: $no)',
  ' @skip(if: $no)',
  ' @include(if: true) @skip(if: $no)',
];
/** Fragments by type: a body spreads later ones only, so that there is no cycle. */
const FRAGMENTS = 3;

/** Queries of a schema: aliases, merged fields, fragments with and without names, `@skip` and `@include`. */
export function operations(options: OperationsOptions): fc.Arbitrary<GeneratedOperation> {
  const { schema, asked = {}, without = new Set() } = options;
  const directive = fc.constantFrom(...DIRECTIVES);

  const waysOf = (type: GraphQLObjectType) =>
    Object.values(type.getFields()).flatMap((field) => {
      const at = `${type.name}.${field.name}`;
      if (without.has(at)) return [];
      const ways = asked[at] ?? (field.args.length === 0 ? [''] : []);
      const below = getNamedType(field.type);
      // One key means one field with one list of arguments, wherever it stands: selections always merge.
      return ways.flatMap((args, index) =>
        ['', 'A', 'B'].map((letter) => {
          const key = index === 0 && letter === '' ? '' : `${field.name}${index}${letter}: `;
          return { text: `${key}${field.name}${args}`, below };
        }),
      );
    });
  const selectionsOf = (type: GraphQLObjectType, depth: number, fragment = 0): fc.Arbitrary<Selections> => {
    const ways = waysOf(type).filter(({ below }) => depth > 0 || !isObjectType(below));
    const field = fc.constantFrom(...ways, { text: '__typename', below: null }).chain(({ text, below }) =>
      fc.record({
        kind: fc.constant('field' as const),
        text: fc.constant(text),
        directive,
        below: isObjectType(below) ? selectionsOf(below, depth - 1, fragment) : fc.constant([]),
      }),
    );
    const inline = fc.record({
      kind: fc.constant('inline' as const),
      on: fc.constantFrom(type.name, ''),
      directive,
      below: fc.array(field, { minLength: 1, maxLength: 2 }),
    });
    const spread = fc.record({
      kind: fc.constant('spread' as const),
      on: fc.constant(type.name),
      index: fc.integer({ min: Math.min(fragment, FRAGMENTS - 1), max: FRAGMENTS - 1 }),
      directive,
    });
    const one: fc.Arbitrary<Selection> =
      fragment < FRAGMENTS
        ? fc.oneof({ arbitrary: field, weight: 5 }, inline, { arbitrary: spread, weight: 2 })
        : fc.oneof({ arbitrary: field, weight: 5 }, inline);
    return fc.array(one, { minLength: 1, maxLength: 4 });
  };
  const objects = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'),
  );
  const bodies = (type: GraphQLObjectType) =>
    fc.tuple(...Array.from({ length: FRAGMENTS }, (_, index) => selectionsOf(type, 1, index + 1)));
  return fc.record({
    selections: selectionsOf(schema.getQueryType()!, options.depth ?? 4),
    fragments: fc.record(Object.fromEntries(objects.map((type) => [type.name, bodies(type)]))),
    conditions: fc.record({ yes: fc.boolean(), no: fc.boolean() }),
  });
}

/** How an operation is written: types under other names, everything below a namespace. */
export interface Writing {
  readonly typeName?: (name: string) => string;
  readonly namespace?: string;
  /** Variables by name: type and value. Only those that occur are declared. */
  readonly variables?: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>;
}

/** Writes a generated operation as a client would send it. */
export function write(
  { selections, fragments, conditions }: GeneratedOperation,
  { typeName = (name) => name, namespace, variables = {} }: Writing = {},
): { query: string; variables: Record<string, unknown> } {
  const used = new Map<string, string>();
  const set = (list: Selections): string => `{ ${list.map(selection).join(' ')} }`;
  const selection = (one: Selection): string => {
    if (one.kind === 'field')
      return `${one.text}${one.directive}${one.below.length > 0 ? ` ${set(one.below)}` : ''}`;
    if (one.kind === 'inline')
      return `...${one.on && ` on ${typeName(one.on)}`}${one.directive} ${set(one.below)}`;
    const name = `${one.on}${one.index}`;
    if (!used.has(name)) {
      used.set(name, '');
      const body = set(fragments[one.on]![one.index]!);
      used.set(name, `fragment ${name} on ${typeName(one.on)} ${body}`);
    }
    return `...${name}${one.directive}`;
  };
  const body = namespace ? `{ ${namespace} ${set(selections)} }` : set(selections);
  const text = [body, ...used.values()].join('\n');
  const known: Record<string, { readonly type: string; readonly value: unknown }> = {
    yes: { type: 'Boolean!', value: conditions.yes },
    no: { type: 'Boolean! = false', value: conditions.no },
    ...variables,
  };
  const names = Object.keys(known).filter((name) => new RegExp(`\\$${name}\\b`).test(text));
  const declared = names.map((name) => `$${name}: ${known[name]!.type}`).join(', ');
  return {
    query: `query Generated${declared && `(${declared})`} ${text}`,
    variables: Object.fromEntries(names.map((name) => [name, known[name]!.value])),
  };
}

/** An answer, as far as the specification determines it. */
export interface ComparableAnswer {
  readonly data: unknown;
  /** Where errors made something null, and with which code. */
  readonly errors: readonly string[];
}

interface RawAnswer {
  readonly data?: unknown;
  readonly errors?: readonly {
    readonly path?: readonly (string | number)[] | undefined;
    readonly extensions?: { readonly code?: unknown };
  }[];
}

/**
 * Reduces an answer to what two right executions have in common. Of several errors that made one position null, the
 * specification lets any be reported, and those inside what is null anyway may be missing.
 */
export function comparable(
  answer: RawAnswer,
  codeOf = (error: { readonly extensions?: { readonly code?: unknown } }) => error.extensions?.code,
  namespace?: string,
): ComparableAnswer {
  const whole = answer.data as Record<string, unknown> | null | undefined;
  const data = namespace ? (whole?.[namespace] ?? null) : (whole ?? null);
  const errors = (answer.errors ?? []).map((error) => {
    const path = namespace ? (error.path ?? []).slice(1) : (error.path ?? []);
    let at: unknown = data;
    for (const [depth, key] of path.entries()) {
      if (at === null || at === undefined) return `${path.slice(0, depth).join('.')}: any`;
      at = (at as Record<string | number, unknown>)[key];
    }
    return `${path.join('.')}: ${at === null ? String(codeOf(error)) : 'NOT NULL'}`;
  });
  return { data: JSON.parse(JSON.stringify(data)) as unknown, errors: [...new Set(errors)].sort() };
}
