import { mongo } from 'mongoose';
import { redact } from '../config/secrets.js';

const UNAUTHORIZED = 13;
/** The second is Atlas's. */
const AUTHENTICATION_FAILED = new Set<unknown>([18, 8000]);
const DUPLICATE_KEY = 11_000;
/**
 * Codes whose text speaks of rights, of the server's state, or of what was ordered (a collection, an index). Any other
 * may quote a document: the server puts whole ones into what it says of a build.
 */
const TELLS_NO_DOCUMENT = new Set<unknown>([
  6, 7, 18, 20, 24, 26, 27, 46, 48, 50, 59, 67, 68, 72, 73, 85, 86, 89, 91, 95, 96, 107, 117, 120, 125, 126,
  133, 134, 166, 171, 189, 197, 215, 246, 262, 279, 280, 286, 359, 8000, 9001, 10_107, 11_600, 11_602, 13_435,
  13_436, 14_031,
]);

/** What a build says before its reason: ids that nobody has use for. */
const PREAMBLE = /^Index build failed: [0-9a-f-]+: Collection \S+ \( [0-9a-f-]+ \) :: caused by :: /;

/**
 * What an error of the driver or the server says, fit for output and logs: no content of a document, no command with
 * its session, no secret. Where the text may hold such things, its code has to do.
 */
export function wordsOfDriverError(error: unknown): string {
  if (!(error instanceof mongo.MongoServerError))
    return redact(error instanceof Error ? error.message : String(error));
  const { code, codeName, message } = error;
  const text = message.replace(PREAMBLE, '');
  if (code === UNAUTHORIZED) return redact(text.replace(/(command \{ \w+):.*$/s, '$1').replace('{ ', ''));
  if (code === DUPLICATE_KEY) return redact(text.replace(/ dup key:.*$/s, ''));
  return TELLS_NO_DOCUMENT.has(code) ? redact(text) : `the server refuses it with ${codeOf(code, codeName)}`;
}

/** Whether the server does not let in, or does not let do, whoever asks. */
export function refusalOfRights(error: unknown): 'credential' | 'grant' | undefined {
  if (!(error instanceof mongo.MongoServerError)) return undefined;
  if (AUTHENTICATION_FAILED.has(error.code)) return 'credential';
  return error.code === UNAUTHORIZED ? 'grant' : undefined;
}

/** An error's code with its name, where it has one. */
export const codeOf = (code: unknown, name: unknown): string =>
  typeof name === 'string' && !/^Location\d+$/.test(name)
    ? `${String(code)} ${name}`
    : `code ${String(code)}`;
