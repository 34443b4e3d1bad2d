import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Pages on this machine: the origins of development. */
export const LOOPBACK = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

const OPTIONS = {
  methods: ['GET', 'POST'],
  allowedHeaders: [
    'content-type',
    'authorization',
    'x-request-id',
    'apollo-require-preflight',
    'x-apollo-operation-name',
  ],
  exposedHeaders: ['x-request-id', 'retry-after'],
  maxAge: 600,
  // An OPTIONS that is no preflight is answered like one, not with a refusal in plain text.
  strictPreflight: false,
};

/** Lets pages of the named origins call a path; each product has its own list, and an unlisted path has none. */
export async function allowOrigins(
  app: FastifyInstance,
  origins: ReadonlyMap<string, readonly (string | RegExp)[]>,
): Promise<void> {
  await app.register(cors, {
    delegator: (request, done) => {
      const path = request.url?.split('?')[0] ?? '';
      const allowed = origins.get(path) ?? [];
      done(null, allowed.length > 0 ? { ...OPTIONS, origin: [...allowed] } : { origin: false });
    },
  });
}
