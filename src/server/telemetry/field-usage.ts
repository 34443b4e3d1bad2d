import { type DocumentNode, type GraphQLSchema, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { productNames } from '../../config/names.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';

/** The fields that documents ask for, `Type.field` by the product's own names. */
export type FieldUsage = (document: DocumentNode) => ReadonlyMap<string, readonly string[]>;

/** Tells the fields of each product that a document of a graph asks for; once for each document. */
export function fieldUsage(
  schema: GraphQLSchema,
  ownerOf: (type: string, field: string) => { readonly product: string; readonly field: string } | undefined,
): FieldUsage {
  const known = new WeakMap<DocumentNode, ReadonlyMap<string, readonly string[]>>();
  return (document) => {
    let usage = known.get(document);
    if (!usage) {
      usage = collect(schema, document, ownerOf);
      known.set(document, usage);
    }
    return usage;
  };
}

function collect(
  schema: GraphQLSchema,
  document: DocumentNode,
  ownerOf: Parameters<typeof fieldUsage>[1],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field({ name }) {
        const parent = types.getParentType();
        if (!parent || parent.name.startsWith('__') || name.value.startsWith('__')) return;
        const owner = ownerOf(parent.name, name.value);
        if (!owner) return;
        const fields = found.get(owner.product) ?? new Set();
        found.set(owner.product, fields.add(owner.field));
      },
    }),
  );
  return new Map([...found].map(([product, fields]) => [product, [...fields]]));
}

/** In a product's own graph every field is its own. */
export const ownerInProduct = (product: string) => (type: string, field: string) => ({
  product,
  field: `${type}.${field}`,
});

/** In the composed graph names carry the product's prefix, and namespaces stand for `Query`. */
export function ownerInComposed(runtimes: ReadonlyMap<string, ProductRuntime>) {
  const products = [...runtimes].map(([product, { graph }]) => ({
    product,
    schema: graph.schema,
    ...productNames(product),
  }));
  return (type: string, field: string) => {
    if (type === 'Query') return undefined;
    for (const { product, schema, typePrefix, field: namespace } of products) {
      const rest = type === 'Mutation' ? field : type;
      const prefix = type === 'Mutation' ? namespace : typePrefix;
      if (!rest.startsWith(prefix)) continue;
      const own = rest.slice(prefix.length);
      if (type === 'Mutation') {
        const local = own.charAt(0).toLowerCase() + own.slice(1);
        if (schema.getMutationType()?.getFields()[local]) return { product, field: `Mutation.${local}` };
      } else if (schema.getType(own)) return { product, field: `${own}.${field}` };
    }
    return undefined;
  };
}
