import type { Environment } from '../config/environment.js';

const ASK_MS = 3_000;

/** What the running gateway says of a product. */
export interface GatewayState {
  /** `ready`, `parked` or `open`. */
  readonly state: string;
  readonly readOnly?: boolean;
}

/** A wildcard is no address to call. */
export function addressOf({ host, port }: Environment): string {
  const name =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** The state of each product, as the gateway at an address tells it; undefined where none listens. */
export async function askGateway(url: string): Promise<Record<string, GatewayState> | undefined> {
  try {
    const answer = await fetch(new URL('/health/ready', url), { signal: AbortSignal.timeout(ASK_MS) });
    return ((await answer.json()) as { products?: Record<string, GatewayState> }).products;
  } catch {
    return undefined;
  }
}
