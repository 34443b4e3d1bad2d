import type { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Authenticator } from '../auth/authenticator.js';
import { signToken } from '../auth/token-keys.js';
import { knownViewer } from '../auth/viewers.js';
import type { Environment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import type { Composed } from '../product/gateway.js';
import { admitToComposed, admitToProduct } from './limits/admission.js';
import { createApollo } from './apollo.js';
import { serveEndpoint } from './endpoint.js';
import type { GraphTarget } from './graph-target.js';
import { operationGate } from './operations/operation-gate.js';
import { pageOf } from './page/page-of.js';
import type { Pressure } from './limits/pressure.js';
import type { ProductRuntime } from './runtime/product-runtime.js';
import { RequestRate, type SignInRate } from './limits/rate-limits.js';
import type { RequestScope } from './request-scope.js';

/** What every graph of a gateway is served with. */
export interface ServeTargetOptions {
  readonly environment: Environment;
  readonly logger: Logger;
  readonly runtimes: ReadonlyMap<string, ProductRuntime>;
  readonly authenticator: Authenticator;
  readonly composed: Composed;
  readonly pressure: Pressure;
  /** By product; what the composed graph asks of a product counts to its rate, too. */
  readonly requestRates: ReadonlyMap<string, RequestRate>;
  /** By product; both ways into it count together. */
  readonly signInRates: ReadonlyMap<string, SignInRate>;
}

const DEVELOPMENT_TOKEN_S = 12 * 60 * 60;

/** Serves one graph at its path, through an Apollo Server of its own, which is answered to be stopped at the end. */
export async function serveTarget(
  app: FastifyInstance,
  target: GraphTarget,
  options: ServeTargetOptions,
): Promise<ApolloServer<RequestScope>> {
  const { environment, logger, runtimes, authenticator, composed, pressure } = options;
  const { production, introspection, sandbox, rateLimits } = environment;
  const { product } = target;
  const namespaces = product ? [] : [...runtimes.keys()].map((name) => productNames(name).field);
  const apollo = createApollo(target, {
    production,
    introspection,
    logger,
    namespaces: new Set(namespaces),
    plugins: [ApolloServerPluginLandingPageDisabled()],
  });
  await apollo.start();
  const answersAnybody = product ? product.product.public === 'read' : composed === 'public';
  const page = async () =>
    pageOf(target, { token: await developmentToken(environment), introspection, answersAnybody });
  await serveEndpoint(app, {
    target,
    apollo,
    authenticator,
    gate:
      product && production
        ? operationGate({ name: product.name, product: product.product, db: () => product.link.db }, logger)
        : undefined,
    rates: rateLimits
      ? {
          requests: product
            ? options.requestRates.get(product.name)!
            : new RequestRate(target.limits, [...runtimes.keys()]),
          signIns: options.signInRates,
        }
      : undefined,
    mayMeasure: (viewers, name) => !production || knownViewer(viewers, name)?.kind === 'operator',
    overload: (site) => {
      const refusal = pressure.refusal ?? product?.compartment.turnAway(site);
      // It was not read, so it has no name.
      if (refusal) product?.recorder?.refused('-');
      return refusal;
    },
    admit: product ? admitToProduct(product) : admitToComposed(composed, runtimes),
    page: sandbox ? await page() : undefined,
  });
  return apollo;
}

/** A token for the page of a developer's own machine. */
async function developmentToken({ production, operatorKeys }: Environment): Promise<string | undefined> {
  if (production || operatorKeys?.kind !== 'secret') return undefined;
  return signToken(operatorKeys, {
    subject: 'developer',
    scopes: ['*:admin'],
    expiresInS: DEVELOPMENT_TOKEN_S,
  });
}
