import { type DocumentNode, type GraphQLSchema, Kind, parse, validate } from 'graphql';
import { coordinatesOf } from './operation-usage.js';
import { findSchemaChanges, noticedAt, type SchemaChange } from './schema-changes.js';

/** An operation of the clients, by its name (`-` where it has none) and the hash it is registered under. */
export interface ClientOperation {
  readonly name: string;
  readonly hash: string;
}

/** A change, with those of the operations that notice it. */
export interface NoticedChange extends SchemaChange {
  readonly usedBy: readonly ClientOperation[];
}

/** An operation that the new schema would not answer, and why. */
export interface BrokenOperation extends ClientOperation {
  readonly problems: readonly string[];
}

/** What a new schema means to clients. */
export interface SchemaCheck {
  readonly changes: readonly NoticedChange[];
  readonly broken: readonly BrokenOperation[];
}

/** Compares a schema with an earlier one, and with the operations that clients send, as texts by their hash. */
export async function checkSchema(
  before: GraphQLSchema,
  after: GraphQLSchema,
  texts: ReadonlyMap<string, string>,
): Promise<SchemaCheck> {
  const broken: BrokenOperation[] = [];
  const users: { readonly operation: ClientOperation; readonly used: ReadonlySet<string> }[] = [];
  for (const [hash, text] of texts) {
    const document = parsed(text);
    if (document instanceof Error) {
      broken.push({ name: '-', hash, problems: [document.message] });
      continue;
    }
    const operation = { name: nameOf(document), hash };
    users.push({ operation, used: coordinatesOf(before, document) });
    const problems = [...missingRoots(after, document), ...validate(after, document)].map(
      ({ message }) => message,
    );
    if (problems.length > 0) broken.push({ ...operation, problems });
  }
  const changes = (await findSchemaChanges(before, after)).map((change): NoticedChange => {
    const at = noticedAt(change);
    const isNews = change.level !== 'safe' || change.kind.includes('DEPRECATION');
    const noticing = users.filter(({ used }) => isNews && (at === undefined || used.has(at)));
    return { ...change, usedBy: noticing.map(({ operation }) => operation) };
  });
  return { changes, broken };
}

function parsed(text: string): DocumentNode | Error {
  try {
    return parse(text, { noLocation: true });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Operations of a kind that a schema has no type for: validation leaves this to execution. */
export const missingRoots = (schema: GraphQLSchema, { definitions }: DocumentNode): { message: string }[] =>
  definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION && !schema.getRootType(one.operation)
      ? { message: `The schema has no type for a ${one.operation}.` }
      : [],
  );

const nameOf = ({ definitions }: DocumentNode): string =>
  definitions.flatMap((one) => (one.kind === Kind.OPERATION_DEFINITION && one.name?.value) || [])[0] ?? '-';
