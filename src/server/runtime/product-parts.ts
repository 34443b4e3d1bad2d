import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { productNames } from '../../config/names.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { fragmentsOf } from '../../graph/selection.js';
import { reckoner } from '../limits/operation-cost.js';
import { sizeExcess } from '../limits/operation-size.js';
import type { ProductRuntime } from './product-runtime.js';

/** What an operation on the composed graph asks of each product, without its namespace. */
type Parts = ReadonlyMap<string, OperationDefinitionNode>;

/**
 * Makes the function that holds each product's part of a validated operation against the product's own limits, as its own
 * endpoint would: depth, aliases, root fields, directives, cost, inputs.
 *
 * @returns why the operation is refused, or what operations of its request have asked for with it, by product.
 */
export function partsRefuser(schema: GraphQLSchema, runtimes: ReadonlyMap<string, ProductRuntime>) {
  const reckoners = new Map(
    [...runtimes].map(([name, { product }]) => [name, reckoner(schema, product.limits.inputs)]),
  );
  const owners = rootOwners(runtimes);
  const known = new WeakMap<OperationDefinitionNode, { parts: Parts; tooLarge: BulkheadError | undefined }>();
  const read = (document: DocumentNode, definition: OperationDefinitionNode) => {
    const fragments = fragmentsOf(document);
    const parts = partsOf(definition, { schema, fragments, owners });
    const excess = [...parts].flatMap(([name, part]) =>
      sizeExcess(part, fragments, runtimes.get(name)!.product.limits).map((text) => `${name}: ${text}`),
    );
    const tooLarge = excess.length > 0 ? new BulkheadError('OPERATION_TOO_LARGE', excess[0]!) : undefined;
    return { parts, tooLarge };
  };
  return (
    document: DocumentNode,
    definition: OperationDefinitionNode,
    variables: Readonly<Record<string, unknown>>,
    /** Objects of each product that operations of the same request have asked for. */
    before: ReadonlyMap<string, number> = new Map(),
  ): BulkheadError | ReadonlyMap<string, number> => {
    const { parts, tooLarge } = known.get(definition) ?? read(document, definition);
    known.set(definition, { parts, tooLarge });
    if (tooLarge) return tooLarge;
    const costs = new Map(before);
    for (const [name, part] of parts) {
      const { cost: most, inputs: mostInputs } = runtimes.get(name)!.product.limits;
      const { objects, inputs } = reckoners.get(name)!(document, part, variables);
      if (inputs > mostInputs)
        return new BulkheadError(
          'OPERATION_TOO_LARGE',
          `${name}: the operation brings more than ${mostInputs} values, or nests them too deeply: send fewer at once.`,
        );
      const sum = objects + (before.get(name) ?? 0);
      if (sum > most)
        return new BulkheadError(
          'OPERATION_TOO_LARGE',
          `${name}: the operation asks for up to ${objects} objects${sum > objects ? `, those before it for ${sum - objects}` : ''}; at most ${most} are allowed: ask for smaller pages.`,
        );
      costs.set(name, sum);
    }
    return costs;
  };
}

interface Reading {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly owners: ReadonlyMap<string, string>;
}

/** The product of each root field of the composed graph that is a product's. */
function rootOwners(runtimes: ReadonlyMap<string, ProductRuntime>): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [name, { graph }] of runtimes) {
    const { field } = productNames(name);
    owners.set(field, name);
    for (const local of Object.keys(graph.schema.getMutationType()?.getFields() ?? {}))
      owners.set(field + local.charAt(0).toUpperCase() + local.slice(1), name);
  }
  return owners;
}

/** Opens the fragments at the root: the limit of root fields, which holds by now, bounds what that comes to. */
function partsOf(definition: OperationDefinitionNode, reading: Reading): Parts {
  const { schema, fragments, owners } = reading;
  const fields = schema.getRootType(definition.operation)?.getFields();
  const own = (field: FieldNode): SelectionNode => {
    const type = getNamedType(fields?.[field.name.value]?.type);
    if (definition.operation !== OperationTypeNode.QUERY || !isObjectType(type) || !field.selectionSet)
      return field;
    const typeCondition = {
      kind: Kind.NAMED_TYPE,
      name: { kind: Kind.NAME, value: type.name },
    } as const;
    // A namespace is what it holds.
    const { directives, selectionSet } = field;
    return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, ...(directives && { directives }) };
  };
  const parts = new Map<string, SelectionNode[]>();
  const open = ({ selections }: SelectionSetNode): void => {
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const owner = owners.get(node.name.value);
        if (owner !== undefined) parts.set(owner, [...(parts.get(owner) ?? []), own(node)]);
      } else {
        const inner = node.kind === Kind.INLINE_FRAGMENT ? node : fragments[node.name.value];
        if (inner) open(inner.selectionSet);
      }
    }
  };
  open(definition.selectionSet);
  return new Map(
    [...parts].map(([name, selections]) => [
      name,
      { ...definition, selectionSet: { kind: Kind.SELECTION_SET, selections } },
    ]),
  );
}
