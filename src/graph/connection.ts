import { ArgsType, Field, Int, ObjectType } from 'type-graphql';
import type { ClassType } from '../database/class-type.js';
import { graphNameOf } from './type-graphql.js';

/** Where a page stands in its list. */
@ObjectType()
export class PageInfo {
  @Field()
  hasNextPage!: boolean;

  @Field()
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

/** The arguments of a list that is read forwards. */
@ArgsType()
export class ForwardPageArguments {
  @Field(() => Int, { nullable: true, description: 'How many, from the start. Default 20.' })
  first?: number;

  @Field(() => String, { nullable: true, description: 'Only what stands after this cursor.' })
  after?: string;
}

/** The arguments of a list that is read in both directions. */
@ArgsType()
export class PageArguments extends ForwardPageArguments {
  @Field(() => Int, { nullable: true, description: 'How many, from the end.' })
  last?: number;

  @Field(() => String, { nullable: true, description: 'Only what stands before this cursor.' })
  before?: string;
}

/** A page of a list, after the Relay Cursor Connections Specification. */
export interface Connection<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly nodes: readonly T[];
  readonly pageInfo: PageInfo;
}

/**
 * The connection type of a class: `PostConnection` with `edges { cursor node } nodes pageInfo` for `Post`.
 *
 * @example export const PostConnection = connectionOf(Post);
 */
export function connectionOf<T extends object>(target: ClassType<T>): new () => Connection<T> {
  const name = graphNameOf(target);
  if (!name)
    throw new TypeError(
      `${target.name} is no object type: give it @ObjectType() before making a connection of it.`,
    );

  @ObjectType(`${name}Edge`)
  class Edge {
    @Field()
    cursor!: string;

    @Field(() => target as new () => T)
    node!: T;
  }

  @ObjectType(`${name}Connection`)
  class ConnectionType {
    @Field(() => [Edge])
    edges!: Edge[];

    @Field(() => [target as new () => T])
    nodes!: T[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;
  }
  return ConnectionType;
}
