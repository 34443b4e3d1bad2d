import type { Answer, TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

/** Whom an attack can use: the tokens of a gateway under attack. */
export interface Prey {
  readonly gateway: TestGateway;
  /** A gateway that waits half a second for a request to arrive, where the other waits thirty. */
  readonly hasty: TestGateway;
  /** A signed-in user of blog, and one of aviation. */
  readonly blogUser: string;
  readonly aviationUser: string;
  /** An operator of everything. */
  readonly operator: string;
}

/** One hostile request and the answer that docs/security.md promises. */
export interface Attack {
  readonly group: string;
  readonly name: string;
  readonly send: (prey: Prey) => Promise<Pick<Answer, 'status' | 'body'>>;
  /**
   * Status and code; `200 answered` for data without an error, `200 nothing` where it is null and empty lists only. For
   * an array of answers `200 [answered, CODE]`, each kind once.
   */
  readonly expected: string;
}

const isNothing = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && Object.values(value).every(isNothing));

/** What was answered, in the words of {@link Attack.expected}. */
export function outcomeOf({ status, body }: Pick<Answer, 'status' | 'body'>): string {
  if (Array.isArray(body)) {
    const kinds = body.map((one: unknown) => outcomeOf({ status, body: one }).slice(`${status} `.length));
    return `${status} [${[...new Set(kinds)].join(', ')}]`;
  }
  const [error] = body?.errors ?? [];
  if (error) return `${status} ${error.extensions?.code}`;
  if (body?.data === undefined) return `${status} neither data nor error`;
  return isNothing(body.data) ? `${status} nothing` : `${status} answered`;
}

type Token = 'blogUser' | 'aviationUser' | 'operator';

/** How a document is sent: where, as whom, with which variables. */
export interface Way {
  readonly to?: string | undefined;
  readonly as?: Token | undefined;
  readonly variables?: unknown;
  readonly headers?: Record<string, string>;
}

const ACCEPT = { accept: 'application/graphql-response+json' };

/** Makes the attacks of one group; each names what is sent and what is answered. */
export const group = (name: string) => {
  const attacks: Attack[] = [];
  const add = (what: string, expected: string, how: Attack['send']) =>
    attacks.push({ group: name, name: what, expected, send: how });
  /** A document, sent to the product `edge` unless a way says otherwise. */
  const document = (what: string, query: string, expected: string, { to = 'edge', as, ...way }: Way = {}) =>
    add(what, expected, (prey) =>
      prey.gateway.ask(to === 'composed' ? undefined : to, query, {
        ...(as && { token: prey[as] }),
        ...(way.variables !== undefined && { variables: way.variables as Record<string, unknown> }),
        ...(way.headers && { headers: way.headers }),
      }),
    );
  /** Any request, by `fetch`. */
  const request = (what: string, path: string, init: RequestInit, expected: string) =>
    add(what, expected, ({ gateway }) =>
      send(path.startsWith('/') ? `${gateway.address}${path}` : `${gateway.url('edge')}${path}`, {
        ...init,
        headers: { ...ACCEPT, ...(init.headers as Record<string, string>) },
      }),
    );
  /** A body as it is, sent as JSON. */
  const body = (what: string, text: unknown, expected: string, headers: Record<string, string> = {}) =>
    request(what, '', json(text, headers), expected);
  return { attacks, add, document, request, body };
};
