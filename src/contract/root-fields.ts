import { type GraphQLSchema, isNonNullType } from 'graphql';
import { renamedArguments } from '../graph/type-graphql.js';
import type { Problems } from './problem.js';

/** Mutation fields are nullable: a refused one answers null and an error, and the next one still runs. */
export function checkMutations(schema: GraphQLSchema, problems: Problems): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    if (!isNonNullType(field.type)) continue;
    problems
      .place(`Mutation.${field.name}`)
      .say(
        `${field.type.toString()} would take the answers of all other mutations of the operation with it when it fails`,
        'add { nullable: true } to @Mutation',
      );
  }
}

/** The argument fields whose value TypeGraphQL loses. They are found in the whole process, whatever their product. */
export function checkArguments(problems: Problems): void {
  for (const at of renamedArguments())
    problems
      .place(at)
      .say(
        'a field of arguments or of an input under another name, whose value is silently lost',
        'take name off @Field and rename the property',
      );
}
