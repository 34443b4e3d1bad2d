import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';

/** An operation of `generated/operations/`: its text, and the types of its answer and of its variables. */
export type Operation<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string };

/** An answer with errors: the first one's message, and its code by which a program decides. */
export class GraphQLRequestError extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** Where to send operations, and who sends them. */
export interface Endpoint {
  /** Such as `http://127.0.0.1:4000/graphql/blog`. */
  readonly url: string;
  readonly token?: string;
}

/** Sends an operation. @throws GraphQLRequestError for any error in the answer; what `fetch` throws without one. */
export async function ask<Data, Variables>(
  { url, token }: Endpoint,
  operation: Operation<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query: operation.toString(), variables }),
  });
  const { data, errors } = (await response.json()) as {
    data?: Data;
    errors?: readonly { message: string; extensions?: { code?: string } }[];
  };
  const [error] = errors ?? [];
  if (error || !data) {
    throw new GraphQLRequestError(
      error?.message ?? `The gateway answered ${response.status} without data.`,
      error?.extensions?.code ?? 'INTERNAL_SERVER_ERROR',
    );
  }
  return data;
}
