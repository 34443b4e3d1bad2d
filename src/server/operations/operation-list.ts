import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import { withinTime } from '../../auth/within-time.js';
import { formOf, hashOf } from '../../graph/operation-hash.js';

/** A hash that is not known is looked for in the database, but not more often than this. */
const LOOK_AGAIN_MS = 1_000;
/** What was removed from the list is refused after this time at the latest, if anybody asks and the database answers. */
const STALE_MS = 30_000;
/** A read that takes longer is given up. */
const READ_MS = 2_000;
/** Nobody waits longer for a newer list than the one that is there. */
const PATIENCE_MS = 500;
/** Layouts of registered operations that are remembered. */
const MOST_LAYOUTS = 5_000;
/** Registered texts that are parsed in one go, at half a millisecond each. */
const TEXTS_AT_ONCE = 20;

/** The texts of registered operations by their hash. */
type Texts = ReadonlyMap<string, string>;

/** The operations that are registered for one product, as its database has them. */
export class OperationList {
  readonly #load: (signal: AbortSignal) => Promise<Texts>;
  readonly #maxTokens: number;
  #texts: Texts | undefined;
  /** What is asked by the registered texts, once it was needed. */
  #known: Promise<ReadonlySet<string | undefined>> | undefined;
  /** The same by the hash of each text: they are parsed once. */
  readonly #forms = new Map<string, string | undefined>();
  /** From the hash of a text as it came to its form, which is that of a registered one. */
  readonly #layouts = new Map<string, string>();
  #readAt = 0;
  /** The wait for the read that is under way: over before it, where it takes long. */
  #wait: Promise<void> | undefined;

  /** @param load reads them in the database. */
  constructor(load: (signal: AbortSignal) => Promise<Texts>, maxTokens: number) {
    this.#load = load;
    this.#maxTokens = maxTokens;
  }

  /**
   * The text that is registered under a hash. Waits for the database for half a second, or two where the list was never
   * read.
   *
   * @throws the driver's error, or the signal's after two seconds, when the list was never read.
   */
  find(hash: string): Promise<string | undefined> {
    return this.#look((texts) => texts.get(hash));
  }

  /** Whether a text is registered, in whatever layout, and whether or not its client adds `__typename`. */
  async has(text: string): Promise<boolean> {
    const given = hashOf(text);
    // As it was registered, which may be in a layout of the client's own tools.
    if ((await this.find(given)) !== undefined) return true;
    const form = this.#layouts.get(given) ?? formOf(text, this.#maxTokens);
    if (form === undefined || !(await this.#isKnown(form))) return false;
    // Only what is registered is remembered, so that strangers cannot fill it.
    if (this.#layouts.size >= MOST_LAYOUTS) this.#layouts.clear();
    this.#layouts.set(given, form);
    return true;
  }

  /** Whether a text of this hash, in a layout of its own, was found here and still is registered. */
  async recalls(hash: string): Promise<boolean> {
    const form = this.#layouts.get(hash);
    return form !== undefined && (await this.#isKnown(form));
  }

  async #isKnown(form: string): Promise<boolean> {
    const isKnown = await this.#look(async (texts) => {
      // As `operations collect` writes it.
      if (texts.has(form)) return true;
      this.#known ??= this.#formsOf(texts);
      return (await this.#known).has(form) || undefined;
    });
    return isKnown ?? false;
  }

  /** Looks in the list, and once more in the database where what is looked for is not in it, or it is old. */
  async #look<T>(find: (texts: Texts) => T | Promise<T>): Promise<T | undefined> {
    const found = this.#texts && (await find(this.#texts));
    const age = Date.now() - this.#readAt;
    if (this.#texts && age <= (found === undefined ? LOOK_AGAIN_MS : STALE_MS)) return found;
    await this.#read();
    return this.#texts && find(this.#texts);
  }

  /** One read at a time; a list that was read before outlives a database that is away. */
  #read(): Promise<void> {
    this.#wait ??= this.#begin();
    return this.#wait;
  }

  #begin(): Promise<void> {
    const before = this.#texts;
    const read = withinTime(READ_MS, undefined, this.#load)
      .then(
        (texts) => {
          this.#texts = texts;
          this.#known = undefined;
        },
        (error: unknown) => {
          if (!before) throw error;
        },
      )
      .finally(() => {
        this.#readAt = Date.now();
        this.#wait = undefined;
      });
    return before ? Promise.race([read, pause(PATIENCE_MS, undefined, { ref: false })]) : read;
  }

  /** In pieces, since there may be thousands. */
  async #formsOf(texts: Texts): Promise<ReadonlySet<string | undefined>> {
    const known = new Set<string | undefined>();
    let parsed = 0;
    for (const [hash, text] of texts) {
      const isNew = !this.#forms.has(hash);
      const form = isNew ? formOf(text, this.#maxTokens) : this.#forms.get(hash);
      this.#forms.set(hash, form);
      known.add(form);
      if (isNew && (parsed += 1) % TEXTS_AT_ONCE === 0) await setImmediate();
    }
    for (const hash of this.#forms.keys()) if (!texts.has(hash)) this.#forms.delete(hash);
    return known;
  }
}
