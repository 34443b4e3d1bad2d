import { setTimeout as sleep } from 'node:timers/promises';

/** How a webhook is called. */
export interface WebhookOptions {
  /** It may hold a secret: it stands in no message and no log. */
  readonly url: string;
  /** What one try may take. Default: 5,000 ms. */
  readonly timeoutMs?: number;
  /** Default: 3. */
  readonly tries?: number;
  /** The wait before the second try; each one after that waits twice as long. Default: 500 ms. */
  readonly waitMs?: number;
  /** Ends waiting and trying. */
  readonly signal?: AbortSignal;
}

/** A webhook that did not take what it was sent, and why, without its address. */
export class WebhookError extends Error {
  constructor(
    why: string,
    readonly isRetried: boolean,
  ) {
    super(why);
    this.name = 'WebhookError';
  }
}

/** Answers that say "later"; others say "never". */
const LATER = new Set([408, 425, 429]);

/** Posts JSON, with a few tries. @throws WebhookError */
export async function post(
  { url, timeoutMs = 5_000, tries = 3, waitMs = 500, signal }: WebhookOptions,
  body: object,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(url, timeoutMs, body, signal);
    } catch (error) {
      const isLast = attempt >= tries || signal?.aborted || !(error as WebhookError).isRetried;
      if (isLast) throw error;
      await sleep(waitMs * 2 ** (attempt - 1), undefined, { ...(signal && { signal }) }).catch(() => {});
    }
  }
}

async function once(url: string, timeoutMs: number, body: object, signal?: AbortSignal): Promise<void> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let status: number;
  try {
    const { address, authorization } = partsOf(url);
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'bulkhead', ...authorization },
      body: JSON.stringify(body),
      // The body goes to the address that was configured, and to no other.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    });
    await answer.body?.cancel();
    ({ status } = answer);
  } catch (error) {
    // A message of fetch may repeat the address; a code does not.
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    const why = timeout.aborted
      ? `no answer in ${timeoutMs} ms`
      : typeof code === 'string'
        ? code
        : 'no connection';
    throw new WebhookError(why, true);
  }
  if (status < 200 || status > 299)
    throw new WebhookError(`status ${status}`, status >= 500 || LATER.has(status));
}

/** A name and password in an address go into a header: `fetch` refuses them there. */
function partsOf(url: string): { readonly address: URL; readonly authorization?: { authorization: string } } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address };
  [address.username, address.password] = ['', ''];
  const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return { address, authorization: { authorization: `Basic ${pair.toString('base64')}` } };
}
