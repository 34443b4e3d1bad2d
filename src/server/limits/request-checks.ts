import type { FastifyRequest } from 'fastify';
import { badRequest } from '../answers/refusals.js';

/** The types that an answer can have, each in UTF-8. */
const ANSWERS = ['application/json', 'application/graphql-response+json'];

/** Browsers send some 150 characters. 16 KiB of ranges, read here and by Apollo, were 30 ms. */
const LONGEST_ACCEPT = 1_000;

/** One of the ranges of an `Accept` header. */
interface Range {
  readonly type: string;
  /** Those before the quality, which say more of the type. */
  readonly parameters: readonly string[];
  readonly quality: number;
}

function rangeOf(text: string): Range {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const at = rest.findIndex((one) => one.startsWith('q='));
  return {
    type,
    parameters: (at < 0 ? rest : rest.slice(0, at)).filter((one) => one !== ''),
    quality: at < 0 ? 1 : Number.parseFloat(rest[at]!.slice(2)),
  };
}

/** How closely a range describes an answer of ours; undefined where it does not. */
function closenessOf({ type, parameters }: Range, answer: string): number | undefined {
  const [main, sub] = answer.split('/');
  const [wantedMain, wantedSub] = type.split('/');
  const fits = (wanted: string | undefined, is: string | undefined) => wanted === is || wanted === '*';
  if (!fits(wantedMain, main) || !fits(wantedSub, sub)) return undefined;
  if (!parameters.every((one) => one === 'charset=utf-8')) return undefined;
  return (wantedMain === main ? 4 : 0) + (wantedSub === sub ? 2 : 0) + (parameters.length > 0 ? 1 : 0);
}

/**
 * Whether an answer of ours is welcome. Asked first, and never yes where Apollo, which asks when it answers, says no: a
 * mutation must not take effect and then be answered 406. The closest range decides about a type, whatever others say.
 */
function isAcceptable(accept: string | undefined): boolean {
  if (!accept?.trim()) return true;
  if (accept.length > LONGEST_ACCEPT) return false;
  // What is in quotes separates nothing.
  const plain = accept.replaceAll(/"utf-8"/gi, 'utf-8').replaceAll(/"[^"]*"/g, '_');
  if (plain.includes('"')) return false;
  const ranges = plain.split(',').map(rangeOf);
  return ANSWERS.some((answer) => {
    const [closest] = ranges
      .flatMap((range) => {
        const closeness = closenessOf(range, answer);
        return closeness === undefined ? [] : [{ closeness, quality: range.quality }];
      })
      .sort((one, other) => other.closeness - one.closeness || other.quality - one.quality);
    return closest !== undefined && closest.quality > 0;
  });
}

/** `application/json; charset=utf-8` has 31 characters. */
const LONGEST_TYPE = 200;

const isUtf8 = (contentType: string | undefined): boolean => {
  const charset = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
};

/** Whether a header was sent more than once, of those of which Node keeps the first. */
function isTwice(rawHeaders: readonly string[], name: string): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]!.toLowerCase() === name) count += 1;
  return count > 1;
}

/** What is wrong with a request before anybody looks at who sent it; undefined when nothing is. */
export function requestProblem(request: FastifyRequest): ReturnType<typeof badRequest> | undefined {
  const { method, headers, url, protocol, hostname, raw } = request;
  if (method !== 'GET' && method !== 'POST') return badRequest(405);
  // Apollo's reader of it takes quadratic time for a run of blanks: 16 KiB of them were 0.1 s.
  if ((headers['content-type']?.length ?? 0) > LONGEST_TYPE) return badRequest(415);
  if (!isAcceptable(headers.accept)) return badRequest(406);
  // A proxy may have chosen by the other one.
  if (isTwice(raw.rawHeaders, 'host')) return badRequest(400, 'There is more than one Host header.');
  // Node finds where the body ends, and leaves any other coding in it.
  if (!/^(chunked)?$/i.test(headers['transfer-encoding'] ?? ''))
    return badRequest(400, 'No Transfer-Encoding is taken but chunked.');
  if (method === 'POST' && !isUtf8(headers['content-type'])) return badRequest(415);
  // The integration makes a URL of these.
  if (!URL.canParse(url, `${protocol}://${hostname}/`))
    return badRequest(400, 'The Host header is missing or is no host.');
  return undefined;
}
