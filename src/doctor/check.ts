/** What is checked. */
export type CheckName =
  'configuration' | 'contract' | 'connection' | 'privileges' | 'indexes' | 'versions' | 'attack';

/** `note` is worth knowing and nothing to mend; `unreachable` is a database that could not be asked. */
export type CheckState = 'ok' | 'note' | 'finding' | 'unreachable';

/** One thing that was looked at, and what to do about it. */
export interface Check {
  /** Missing where it concerns the whole gateway. */
  readonly product?: string;
  readonly check: CheckName;
  readonly state: CheckState;
  readonly message: string;
  readonly remedy?: string;
}

/** Collects what is found about one product, or about the gateway. */
export class Findings {
  readonly #product: string | undefined;
  readonly #all: Check[] = [];

  constructor(product?: string) {
    this.#product = product;
  }

  add(check: CheckName, state: CheckState, message: string, remedy?: string): void {
    this.#all.push({
      ...(this.#product !== undefined && { product: this.#product }),
      check,
      state,
      message,
      ...(remedy !== undefined && { remedy }),
    });
  }

  /** Notes that all is well, unless something of this kind was found. */
  settle(check: CheckName, message: string): void {
    if (!this.#all.some((one) => one.check === check && one.state !== 'note')) this.add(check, 'ok', message);
  }

  get list(): readonly Check[] {
    return this.#all;
  }
}
