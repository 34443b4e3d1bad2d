import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { LOOPBACK } from '../cors.js';
import type { GraphTarget } from '../graph-target.js';
import { type LandingPage, landingPage } from './landing-page.js';
import { sampleOperation } from './sample-operation.js';

/** Which page a target has. */
export interface PageOptions {
  /** A development token, for the developer's own browser. */
  readonly token: string | undefined;
  readonly introspection: boolean;
  /** Whether the graph answers callers without a token. */
  readonly answersAnybody: boolean;
}

const isLoopback = (address: string): boolean => {
  const plain = address.replace(/^::ffff:/i, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1';
};

/**
 * Whether a request was made on this machine, by a loopback name: another name may lead here from anybody's site, a
 * loopback name can be claimed from another machine, and a proxy on this machine speaks for anybody.
 */
export const isDevelopersOwn = ({ headers, socket }: Pick<FastifyRequest, 'headers' | 'socket'>): boolean =>
  LOOPBACK.test(`http://${headers.host ?? ''}`) &&
  isLoopback(socket.remoteAddress ?? '') &&
  headers['x-forwarded-for'] === undefined &&
  headers['forwarded'] === undefined;

/** The page of a target: the token only for the developer's own browser, the schema only for who may ask for it. */
export const pageOf =
  (target: GraphTarget, { token, introspection, answersAnybody }: PageOptions) =>
  (request: FastifyRequest): LandingPage => {
    const given = isDevelopersOwn(request) ? token : undefined;
    return landingPage({
      title: target.product ? `Bulkhead: ${target.product.name}` : 'Bulkhead: every product',
      path: target.path,
      schema: introspection && (answersAnybody || given !== undefined) ? target.schema : undefined,
      operation: sampleOperation(target.schema),
      token: given,
    });
  };
