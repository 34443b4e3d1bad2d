import type { FastifyInstance } from 'fastify';
import type { Pressure } from './limits/pressure.js';
import type { ProductRuntime } from './runtime/product-runtime.js';

/** What the health endpoints look at. */
export interface HealthOptions {
  readonly runtimes: ReadonlyMap<string, ProductRuntime>;
  readonly pressure: Pressure;
  /** Whether the gateway has begun to stop. */
  readonly isStopping: () => boolean;
}

/**
 * `/health/live` speaks of the process only: a database that is down is no reason to restart it. `/health/ready` is
 * 200 once every product has been ready or parked once, for as long as at least one serves: one product's trouble
 * does not take the others off the balancer.
 */
export function serveHealth(app: FastifyInstance, { runtimes, pressure, isStopping }: HealthOptions): void {
  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    const all = [...runtimes.values()].map((runtime) => runtime.compartment);
    const ready =
      !isStopping() && all.every((one) => one.decided) && all.some((one) => one.state === 'ready');
    const products = Object.fromEntries(
      all.map((one) => [one.product, { state: one.state, ...(one.isReadOnly && { readOnly: true }) }]),
    );
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({
        status: ready ? 'ready' : isStopping() ? 'stopping' : 'not ready',
        eventLoopDelayMs: pressure.delayMs,
        products,
      });
  });
}
