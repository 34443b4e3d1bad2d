/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type BlogPostStatus =
  | 'ARCHIVED'
  | 'DRAFT'
  | 'PUBLISHED';

export type OverviewQueryVariables = Exact<{
  posts: number;
}>;


export type OverviewQuery = { blog: { posts: { nodes: Array<{ id: string, title: string, status: BlogPostStatus }> } } | null, aviation: { subjects: Array<{ code: string }> } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const OverviewDocument = new TypedDocumentString(`
    query Overview($posts: Int!) {
  blog {
    posts(first: $posts) {
      nodes {
        id
        title
        status
      }
    }
  }
  aviation {
    subjects {
      code
    }
  }
}
    `, {"hash":"sha256:5675934108357aafbca995d6b5910f590bf99f5d2dec59f2d4efcb2c5e94f68d"}) as unknown as TypedDocumentString<OverviewQuery, OverviewQueryVariables>;
