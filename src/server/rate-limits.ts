import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Viewers } from '../auth/authenticator.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import type { Limits } from '../product/product.js';

const WINDOW_S = 60;
/** Sign-ins of one address to all accounts together, as a multiple of those to one: an office has one address. */
const ACCOUNTS_PER_ADDRESS = 10;

/**
 * The address as it is counted: of IPv6 the network of 64 bits, which is the least that one client has to itself.
 */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}

/** Takes one point of a key. @throws BulkheadError `RATE_LIMITED` when there is none left. */
async function take(limiter: RateLimiterMemory, key: string, message: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw new BulkheadError('RATE_LIMITED', message, {
      retryAfterS: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)),
    });
  }
}

/** How often one client may ask one graph: counted by who it has proved to be, or by its address. */
export class RequestRate {
  readonly #limiter: RateLimiterMemory;
  readonly #products: readonly string[];

  /** @param products those of the graph. */
  constructor({ requestsPerMinute }: Limits, products: readonly string[]) {
    this.#limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: WINDOW_S });
    this.#products = products;
  }

  /**
   * Counts a request.
   *
   * @param viewers who was proved to be asking; left out for a credential that was refused. Whoever sends wrong ones
   *   uses up the address's share, and never that of a good token from the same address.
   */
  take(address: string, viewers?: Viewers): Promise<void> {
    const known = viewers && this.#products.map((name) => viewers(name)).find((one) => !one.isAnonymous);
    const key = known ? `${known.kind} ${known.id}` : `address ${networkOf(address)}`;
    return take(this.#limiter, key, 'Too many requests: wait, and send fewer.');
  }
}

/** How often one address may try to sign in to one product, or to sign up. */
export class SignInRate {
  readonly #perAccount: RateLimiterMemory;
  readonly #perAddress: RateLimiterMemory;

  constructor({ signInsPerMinute }: Limits) {
    this.#perAccount = new RateLimiterMemory({ points: signInsPerMinute, duration: WINDOW_S });
    this.#perAddress = new RateLimiterMemory({
      points: signInsPerMinute * ACCOUNTS_PER_ADDRESS,
      duration: WINDOW_S,
    });
  }

  /**
   * Counts an attempt. An account is never counted by itself: whoever tries its password from elsewhere would lock
   * its owner out.
   */
  async take(address: string, email: string): Promise<void> {
    const network = networkOf(address);
    const message = 'Too many attempts to sign in: wait before the next.';
    await take(this.#perAddress, network, message);
    await take(this.#perAccount, `${network} ${email}`, message);
  }
}
