/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type NewestPostsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
}>;


export type NewestPostsQuery = { posts: { nodes: Array<{ id: string, title: string, authorName: string, publishedAt: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type PostWithCommentsQueryVariables = Exact<{
  id: string;
  comments: number;
}>;


export type PostWithCommentsQuery = { post: { title: string, body: string, tags: Array<string>, author: { name: string } | null, comments: { nodes: Array<{ body: string, authorName: string }>, pageInfo: { hasNextPage: boolean } } } | null };

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

export const NewestPostsDocument = new TypedDocumentString(`
    query NewestPosts($first: Int!, $after: String) {
  posts(filter: {status: PUBLISHED}, sort: NEWEST, first: $first, after: $after) {
    nodes {
      id
      title
      authorName
      publishedAt
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `, {"hash":"sha256:2a6c3e3de8956ab8b7ce91189b7290e9f63002fe77e1e7145310c117804fb4a5"}) as unknown as TypedDocumentString<NewestPostsQuery, NewestPostsQueryVariables>;
export const PostWithCommentsDocument = new TypedDocumentString(`
    query PostWithComments($id: ID!, $comments: Int!) {
  post(id: $id) {
    title
    body
    tags
    author {
      name
    }
    comments(first: $comments) {
      nodes {
        body
        authorName
      }
      pageInfo {
        hasNextPage
      }
    }
  }
}
    `, {"hash":"sha256:60d3d67d60e6d8f509a5e548af2a27d62597eab4485193fe7b0ce504c07c448c"}) as unknown as TypedDocumentString<PostWithCommentsQuery, PostWithCommentsQueryVariables>;
