import { Interrupted } from './interruption.js';
import { printNow, reportFailure, textOf, Untold } from './output.js';
import type { CredentialPlan, OnUser } from './provision-product.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Tells each connection string before its password is set, so that neither a failure nor a Ctrl-C of a long run loses
 * one; where it cannot be told, the password is not set. With `--json` everything is one document at the end; then the
 * end is when a signal comes, too.
 */
export class Teller {
  readonly #json: boolean;
  readonly #told = new Map<string, { product: string; variables: Record<string, string> }>();
  /** Users whose new passwords were told, or with `--json` are to be. */
  readonly #renewed: string[] = [];
  readonly #onSignal = (signal: NodeJS.Signals) => {
    process.exit(reportFailure(new Interrupted(signal), true, this.unfinished));
  };

  constructor(json: boolean) {
    this.#json = json;
    if (json) for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** For one product. @throws Untold where a connection string is not taken by anybody. */
  about({ runtime: { name }, database }: CredentialPlan): OnUser {
    return async ({ user, what }, variables) => {
      const isFirst = !this.#told.has(name);
      const told = this.#told.get(name) ?? { product: name, variables: {} };
      Object.assign(told.variables, variables);
      this.#told.set(name, told);
      const assignments = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
      if (!this.#json)
        await this.#write(
          [...(isFirst ? [`${name}: database ${database}`] : []), `  ${user}: ${what}`, ...assignments],
          (why) => {
            if (assignments.length > 0)
              throw new Untold(
                `the connection string of ${user} cannot be printed (${why}): its password was not set, nor anything after it.${this.#lost()}`,
              );
          },
        );
      if (assignments.length > 0) this.#renewed.push(user);
    };
  }

  /** The command's answer. @throws Untold where passwords are set that nobody has taken. */
  async end(facts: object, lines: readonly string[]): Promise<void> {
    await this.#write(
      lines,
      (why) => {
        if (this.#json && this.#renewed.length > 0)
          throw new Untold(`what was done cannot be printed (${why}).${this.#lost()}`);
      },
      facts,
    );
  }

  hasTold(product: string): boolean {
    return this.#told.has(product);
  }

  /** What was told of before the command failed, for programs. */
  get unfinished(): object {
    const products = [...this.#told.values()].filter(({ variables }) => Object.keys(variables).length > 0);
    return products.length > 0 ? { products } : {};
  }

  remind(): void {
    if (!this.#json && 'products' in this.unfinished)
      process.stderr.write('These connection strings are shown once and kept nowhere: set them now.\n');
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  async #write(
    lines: readonly string[],
    onFailure: (why: string) => void,
    facts: object = {},
  ): Promise<void> {
    try {
      await printNow(textOf(this.#json, facts, lines));
    } catch (error) {
      onFailure(error instanceof Error && 'code' in error ? String(error.code) : String(error));
    }
  }

  #lost(): string {
    return this.#renewed.length > 0
      ? ` New passwords are set for ${this.#renewed.join(', ')}: where what was printed of them is lost, run this again with --new-passwords (after --rotate, just again).`
      : '';
  }
}
