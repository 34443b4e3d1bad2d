import type { Answer } from './gateway.js';

/** The codes of an answer's errors, in order. */
export const codes = ({ body }: Answer): string[] =>
  ((body.errors ?? []) as { extensions: { code: string } }[]).map(({ extensions }) => extensions.code);

/**
 * A promised time as a test may assert it: on a machine that others keep busy it tells an end from none, and no more.
 * How long things take is measured by `npm run bench` and `npm run prove`.
 */
export const busy = (promisedMs: number): number => promisedMs + 15_000;

/** Code and message of an answer's first error. */
export const errorOf = ({ body }: Answer) => [body.errors?.[0]?.extensions.code, body.errors?.[0]?.message];

/** An answer and how long it took. */
export async function timed(work: Promise<Answer>): Promise<Answer & { ms: number }> {
  const start = performance.now();
  const answer = await work;
  return { ...answer, ms: performance.now() - start };
}
