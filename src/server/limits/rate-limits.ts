import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { tokenIn } from '../../auth/authenticator.js';
import { knownViewer, type Viewers } from '../../auth/viewers.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import type { Limits } from '../../product/product.js';

const WINDOW_S = 60;
const TOO_MANY = 'Too many requests: wait, and send fewer.';
const TOO_MANY_HERE = 'Too many requests of all who are signed in at this address: wait, and send fewer.';
const TOO_MANY_OF_SITE = 'Too many requests of all addresses beside this one: wait, and send fewer.';
const TOO_MANY_SIGN_INS = 'Too many attempts to sign in: wait before the next.';
/** Sign-ins of one address to all accounts together, as a multiple of those to one: an office has one address. */
const ACCOUNTS_PER_ADDRESS = 10;
/** Requests of all sessions of one address together, as a multiple of those of one: whoever may sign up has many. */
const SESSIONS_PER_ADDRESS = 10;
/** What all networks of one site may do together, as a multiple of what one may: a site is given to one customer. */
const NETWORKS_PER_SITE = 10;

/** Some proxies send the port that a client came from, which is another for each connection. */
const withoutPort = (address: string): string =>
  /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ?? /^(\d+(?:\.\d+){3}):\d+$/.exec(address)?.[1] ?? address;

/**
 * The address as it is counted: without a port, and of IPv6 the network of 64 bits, which is the least that one client
 * has to itself.
 */
export function networkOf(from: string): string {
  const address = withoutPort(from);
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

/**
 * Who shares what there is once for all clients: an address, or of IPv6 the site of 48 bits, which one customer may have
 * to himself.
 *
 * @param from undefined of a request whose connection is gone, whatever Fastify's types say.
 */
export function siteOf(from: string | undefined): string {
  const network = networkOf(from ?? '');
  return network.endsWith('::/64') ? `${network.split(':').slice(0, 3).join(':')}::/48` : network;
}

const isSite = (site: string): boolean => site.endsWith('::/48');

/** Takes points of a key. @throws BulkheadError `RATE_LIMITED` when there are not so many left. */
async function take(limiter: RateLimiterMemory, key: string, message: string, points = 1): Promise<void> {
  try {
    await limiter.consume(key, points);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw new BulkheadError('RATE_LIMITED', message, {
      retryAfterS: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)),
    });
  }
}

async function isSpent(limiter: RateLimiterMemory, key: string): Promise<boolean> {
  const taken = await limiter.get(key);
  return taken !== null && taken.consumedPoints >= limiter.points;
}

const addressKey = (address: string): string => `address ${networkOf(address)}`;
const isAddress = (key: string): boolean => key.startsWith('address ');

/** Unknown credentials of one network that are looked at in a second when its share is used up. */
const LOOKS_PER_SECOND = 10;
/** Credentials that were found good of late, for addresses that send many others. */
const MOST_GOOD = 10_000;

const isSession = (key: string): boolean => key.startsWith('session ');

/**
 * How often one client may ask one graph: counted by who it has proved to be, or by its address. Sessions, which a
 * stranger can have as many of as it signs up users, are counted by their address as well.
 */
export class RequestRate {
  readonly #limiter: RateLimiterMemory;
  readonly #sessions: RateLimiterMemory;
  readonly #sites: RateLimiterMemory;
  readonly #products: readonly string[];
  readonly #looks = new RateLimiterMemory({ points: LOOKS_PER_SECOND, duration: 1 });
  /** Whose share a credential counts to that was found good, by its hash; the oldest first. */
  readonly #good = new Map<string, string>();

  /** @param products those of the graph. */
  constructor({ requestsPerMinute }: Limits, products: readonly string[]) {
    this.#limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: WINDOW_S });
    this.#sessions = new RateLimiterMemory({
      points: requestsPerMinute * SESSIONS_PER_ADDRESS,
      duration: WINDOW_S,
    });
    this.#sites = new RateLimiterMemory({
      points: requestsPerMinute * NETWORKS_PER_SITE,
      duration: WINDOW_S,
    });
    this.#products = products;
  }

  /**
   * Finds out who asks, and counts the request. Looking at a credential may be a read of the database, so that a share
   * which is used up ends that, too: who was known before is refused unlooked at, and of an address that sends others
   * a few are looked at. Otherwise whoever is refused could still take all places of a product.
   *
   * Whoever sends wrong credentials uses up the address's share, and never that of a good one from the same address.
   *
   * @throws BulkheadError what `authenticate` throws; `RATE_LIMITED`.
   */
  async identify(
    address: string,
    authorization: string | undefined,
    authenticate: () => Promise<Viewers>,
  ): Promise<Viewers> {
    const unknown = addressKey(address);
    if (authorization === undefined) {
      const viewers = await authenticate();
      await this.#take(unknown, address);
      return viewers;
    }
    const hash = createHash('sha256')
      .update(tokenIn(authorization) ?? authorization)
      .digest('base64');
    const known = this.#good.get(hash);
    if (known !== undefined) {
      if (await this.#isSpent(known, address)) await this.#take(known, address);
    } else if (await this.#isSpent(unknown, address)) {
      await take(this.#looks, siteOf(address), TOO_MANY);
    }
    let viewers: Viewers;
    try {
      viewers = await authenticate();
    } catch (error) {
      await this.#take(unknown, address);
      throw error;
    }
    const key = this.#keyOf(viewers);
    if (key !== undefined) this.#remember(hash, key);
    await this.#take(key ?? unknown, address);
    return viewers;
  }

  /**
   * Counts what a request that was let in asks besides its first operation.
   *
   * @throws BulkheadError `RATE_LIMITED` when there is not enough left for all of it.
   */
  async count(address: string, viewers: Viewers, operations: number): Promise<void> {
    if (operations > 0) await this.#take(this.#keyOf(viewers) ?? addressKey(address), address, operations);
  }

  async #take(key: string, address: string, points?: number): Promise<void> {
    await take(this.#limiter, key, TOO_MANY, points);
    const site = siteOf(address);
    if (isSession(key)) await take(this.#sessions, networkOf(address), TOO_MANY_HERE, points);
    if (isAddress(key) && isSite(site)) await take(this.#sites, site, TOO_MANY_OF_SITE, points);
  }

  async #isSpent(key: string, address: string): Promise<boolean> {
    const site = siteOf(address);
    return (
      (await isSpent(this.#limiter, key)) ||
      (isSession(key) && (await isSpent(this.#sessions, networkOf(address)))) ||
      (isAddress(key) && isSite(site) && (await isSpent(this.#sites, site)))
    );
  }

  /** Undefined where nobody could say who it is. */
  #keyOf(viewers: Viewers): string | undefined {
    const known = this.#products
      .map((name) => knownViewer(viewers, name))
      .find((one) => one !== undefined && !one.isAnonymous);
    return known && `${known.kind} ${known.id}`;
  }

  #remember(hash: string, key: string): void {
    this.#good.delete(hash);
    this.#good.set(hash, key);
    const [oldest] = this.#good.keys();
    if (this.#good.size > MOST_GOOD) this.#good.delete(oldest!);
  }
}

/** How often one address may try to sign in to one product, or to sign up. */
export class SignInRate {
  readonly #perAccount: RateLimiterMemory;
  readonly #perAddress: RateLimiterMemory;
  readonly #perSite: RateLimiterMemory;

  constructor({ signInsPerMinute }: Limits) {
    this.#perAccount = new RateLimiterMemory({ points: signInsPerMinute, duration: WINDOW_S });
    this.#perAddress = new RateLimiterMemory({
      points: signInsPerMinute * ACCOUNTS_PER_ADDRESS,
      duration: WINDOW_S,
    });
    this.#perSite = new RateLimiterMemory({
      points: signInsPerMinute * ACCOUNTS_PER_ADDRESS * NETWORKS_PER_SITE,
      duration: WINDOW_S,
    });
  }

  /**
   * Counts an attempt. An account is never counted by itself: whoever tries its password from elsewhere would lock
   * its owner out.
   */
  async take(address: string, email: string): Promise<void> {
    const network = networkOf(address);
    const site = siteOf(address);
    await take(this.#perAddress, network, TOO_MANY_SIGN_INS);
    await take(this.#perAccount, `${network} ${email}`, TOO_MANY_SIGN_INS);
    if (isSite(site)) await take(this.#perSite, site, TOO_MANY_SIGN_INS);
  }
}
