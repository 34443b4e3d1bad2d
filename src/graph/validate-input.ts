import { setImmediate as nextRound } from 'node:timers/promises';
import { validate, type ValidationError, type ValidatorOptions } from 'class-validator';
import { ArgumentValidationError } from 'type-graphql';

const OPTIONS: ValidatorOptions = {
  skipMissingProperties: true,
  forbidUnknownValues: false,
  validationError: { target: false, value: false },
};
/** Items that are checked before others have their turn: a few milliseconds. */
const AT_ONCE = 50;

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * Checks an argument by the rules of its class. TypeGraphQL's own way checks the items of a list all at once, which keeps
 * everybody else waiting; here they go on in between.
 *
 * @throws ArgumentValidationError for the first item that breaks a rule, with all rules that it breaks.
 */
export async function validateInput(value: unknown): Promise<void> {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    if (at > 0) await nextRound();
    for (const item of items.slice(at, at + AT_ONCE)) {
      if (!isObject(item)) continue;
      const failures: ValidationError[] = await validate(item, OPTIONS);
      if (failures.length > 0) throw new ArgumentValidationError(failures);
    }
  }
}
