import autocannon from 'autocannon';

/** One measured stretch of load. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly url: string;
  /** Bodies sent in turn; each connection begins elsewhere. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

/** Sends requests over keep-alive connections for some seconds. @throws Error when an answer is not 200 or carries an error. */
export async function load({ url, bodies, connections, seconds }: LoadOptions): Promise<LoadResult> {
  const instance = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: bodies.map((body) => ({
      method: 'POST' as const,
      headers: { 'content-type': 'application/json' },
      body,
    })),
  });
  if (instance.non2xx > 0 || instance.errors > 0)
    throw new Error(`${url}: ${instance.non2xx} refusals, ${instance.errors} errors.`);
  return {
    requestsPerSecond: instance['2xx'] / instance.duration,
    p50Ms: instance.latency.p50,
    p99Ms: instance.latency.p99,
  };
}
