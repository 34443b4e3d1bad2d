import type { Command } from 'commander';

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.some(isEmpty) : typeof value === 'string' && value.trim() === '';

/**
 * Refuses arguments and options without text, as `"$PRODUCT"` gives them where that is unset: a product left out means
 * all of them, and one whose name got lost does not.
 *
 * @throws CommanderError
 */
export function refuseEmptyValues(command: Command): void {
  const values = command.optsWithGlobals<Record<string, unknown>>();
  const empty = [
    ...command.registeredArguments.filter((_, i) => isEmpty(command.processedArgs[i])),
    ...[command, ...parentsOf(command)]
      .flatMap(({ options }) => options)
      .filter((option) => isEmpty(values[option.attributeName()])),
  ];
  const [first] = empty;
  if (first) {
    const name = 'long' in first ? first.long : first.name();
    command.error(`error: ${name} is empty: leave it out, or say what it is.`);
  }
}

const parentsOf = ({ parent }: Command): Command[] => (parent ? [parent, ...parentsOf(parent)] : []);
