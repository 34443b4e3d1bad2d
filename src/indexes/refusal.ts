import { mongo } from 'mongoose';
import { codeOf, wordsOfDriverError } from '../database/driver-words.js';
import type { IndexChange } from './changes.js';
import { findDuplicates, tellDuplicates } from './duplicates.js';
import { toIndexSpec } from './index-spec.js';
import { findMisfits, tellMisfits } from './misfits.js';

/** Time limit of the look for the documents that a build has stopped at. */
const LOOK_MS = 30_000;

const DUPLICATE_KEY = 11_000;
/** What a build stops at, by the server's code; its own text quotes the document, or a value. */
const STOPS: Readonly<Record<number, string>> = {
  [DUPLICATE_KEY]: 'several documents share a key that must be unique',
  171: 'a document has parallel arrays, at two of its paths',
  13_027: 'a document has a point outside of the bounds',
  16_755: 'a document has something there that is no place',
  16_766: 'a document has an array there, and arrays are not hashed',
  17_261: 'a document has something as its language that is no text',
  17_262: 'a document names a language that the server does not know',
};

/**
 * Why the server has refused a change: its code in words, and the ids of documents in the way where a query of our own
 * finds them. Never the server's text where that may quote a document.
 */
export async function tellRefusal(
  db: mongo.Db,
  change: IndexChange,
  error: mongo.MongoServerError,
): Promise<string> {
  const { collection, definition } = change;
  const stop = STOPS[Number(error.code)];
  if (stop === undefined) return wordsOfDriverError(error);
  const why = `${stop} (${codeOf(error.code, error.codeName)})`;
  if (!definition) return why;
  const spec = toIndexSpec(definition);
  try {
    if (error.code === DUPLICATE_KEY) {
      const duplicates = await findDuplicates(db, collection, spec, LOOK_MS);
      return duplicates ? tellDuplicates(duplicates) : why;
    }
    const misfits = await findMisfits(db, collection, spec, LOOK_MS);
    return misfits ? `${why}: ${tellMisfits(misfits)}` : why;
  } catch (failure) {
    // The change has failed already; who is to blame is more than had to be told.
    if (failure instanceof mongo.MongoError) return why;
    throw failure;
  }
}
