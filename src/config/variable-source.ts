import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'dotenv';

type Values = Readonly<Record<string, string | undefined>>;

/**
 * The variables as given: the process's environment before the `.env` file, each also by `NAME_FILE`.
 *
 * Problems are collected, never thrown, and never repeat a value: any value may be a secret in the wrong place.
 */
export class VariableSource {
  readonly problems: string[] = [];
  readonly #values: Values;
  readonly #cwd: string;

  constructor(env: Values, cwd: string) {
    this.#cwd = cwd;
    const given = withValue(env);
    this.#values = { ...this.#withoutOverridden(this.#readDotenv(), given), ...given };
  }

  /** Every name that has a value. */
  get names(): string[] {
    return Object.keys(this.#values).filter((name) => this.#values[name]);
  }

  /** Whether the variable is given, by itself or by file. */
  has(name: string): boolean {
    return Boolean(this.#values[name] || this.#values[`${name}_FILE`]);
  }

  /**
   * The value, or undefined where it is missing or empty.
   *
   * @param isOptional a file without content is a value that is missing, and no mistake.
   */
  get(name: string, isOptional = false): string | undefined {
    const value = this.#values[name]?.trim();
    const path = this.#values[`${name}_FILE`]?.trim();
    if (!path) return value || undefined;
    if (value) {
      this.problem(`${name} and ${name}_FILE are both set: keep one.`);
      return undefined;
    }
    try {
      const content = readFileSync(resolve(this.#cwd, path), 'utf8').trim();
      if (!content && !isOptional) this.problem(`${name}_FILE: the file is empty.`);
      return content || undefined;
    } catch (error) {
      this.problem(`${name}_FILE: expected the path of a readable file (${codeOf(error)}).`);
      return undefined;
    }
  }

  problem(text: string): undefined {
    this.problems.push(text);
  }

  #readDotenv(): Values {
    try {
      const text = readFileSync(resolve(this.#cwd, '.env'), 'utf8');
      for (const line of linesNotRead(text))
        this.problem(`.env, line ${line}: expected NAME=value, a comment, or nothing.`);
      return parse(text);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.problem(`.env: expected a readable file (${codeOf(error)}).`);
      return {};
    }
  }

  /** `NAME_FILE` in the environment replaces `NAME` in the file, and the other way round. */
  #withoutOverridden(file: Values, env: Values): Values {
    const base = (name: string) => name.replace(/_FILE$/, '');
    const given = new Set(Object.keys(env).map(base));
    return Object.fromEntries(Object.entries(file).filter(([name]) => !given.has(base(name))));
  }
}

/** An empty variable counts as missing: it hides nothing of the file. */
const withValue = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value?.trim()));

/** An assignment as dotenv takes it: a value in quotes may go over several lines. */
const ASSIGNMENT =
  /^[^\S\n]*(?:export\s+)?[\w.-]+(?:\s*=|:\s)(?:\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\n]*)[^\S\n]*(?:#.*)?$/gm;

/** The numbers of the lines that dotenv passes over without a word. */
const linesNotRead = (text: string): number[] =>
  text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(ASSIGNMENT, (assignment) => assignment.replaceAll(/[^\n]/g, ''))
    .split('\n')
    .flatMap((line, index) => (/^\s*(#|$)/.test(line) ? [] : [index + 1]));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
