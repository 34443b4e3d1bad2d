import type { Rule, UnbatchedFacts } from '../facts/facts.js';
import { count, counted, findingOf } from './say.js';

/** Operations in a day: once may be somebody who tries something. */
export const TIMES = 5;

const isRoot = (field: string): boolean => /^(?:Query|Mutation)\./.test(field);

/** What a field does that sends commands one by one. A root field has no parents: its resolver asks again and again. */
export const unbatchedWords = (field: string): string =>
  isRoot(field) ? 'sends commands in a loop' : 'sends a command for each of its parents';

const remedyFor = (field: string): string =>
  isRoot(field)
    ? 'ask for all at once: what Promise.all asks of context.loaders is one command'
    : 'load by context.loaders (by id) or declare a child list: one command for all parents';

/** Fields that send a command for each of their parents (N+1), each named once with the operation that suffers most. */
export const unbatched: Rule = ({ unbatched: rows }) => {
  const byField = new Map<string, UnbatchedFacts[]>();
  for (const row of rows) byField.set(row.field, [...(byField.get(row.field) ?? []), row]);
  return [...byField].map(([field, found]) => {
    const [worst] = [...found].sort((one, other) => other.most - one.most);
    const times = found.reduce((sum, one) => sum + one.times, 0);
    return findingOf(
      {
        rule: 'unbatched',
        severity: times >= TIMES ? 'amber' : 'info',
        subject: { field, operation: worst!.operation },
        reason: `${field} ${unbatchedWords(field)}: up to ${count(worst!.most)} in one operation (${worst!.operation}), in ${counted(times, 'operation')} of the last day.`,
        remedy: `In the resolver of ${field}, ${remedyFor(field)}.`,
      },
      [field],
    );
  });
};
