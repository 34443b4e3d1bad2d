import type { Examined } from '../stats/read-examined.js';
import type { PlanStage, ShapePlan } from './plan.js';

/** Documents examined for each that is returned, from which on it is worth saying. */
const POOR_RATIO = 10;
/** Fewer than that are nobody's trouble. */
const FEW = 100;

/** What a stage did: `8,500 documents and 0 keys examined, 20 returned, 12 ms`. */
export function figuresOf({ documentsExamined, keysExamined, returned, ms }: PlanStage): string {
  const of = (value: number | undefined, what: string) =>
    value === undefined ? [] : [`${value.toLocaleString('en')} ${what}`];
  const examined = [
    ...of(documentsExamined, documentsExamined === 1 ? 'document' : 'documents'),
    ...of(keysExamined, keysExamined === 1 ? 'key' : 'keys'),
  ];
  return [
    ...(examined.length > 0 ? [`${examined.join(' and ')} examined`] : []),
    ...of(returned, 'returned'),
    ...of(ms, 'ms'),
  ].join(', ');
}

/** What is wrong with one stage, in words; undefined for nothing. */
export function wrongWith(stage: PlanStage): string | undefined {
  const { documentsExamined = 0, keysExamined = 0, returned = 0 } = stage;
  const name = stage.stage;
  if (name === 'EQ_LOOKUP' && stage.index === undefined)
    return 'reads the other collection whole: it has no index on the joined field';
  if (name === 'COLLSCAN') return 'reads the whole collection: no index serves the filter';
  if (name === 'SORT' || name === '$sort') return 'sorts in memory: no index has this order';
  const isPoor = (examined: number) => examined >= FEW && examined >= POOR_RATIO * Math.max(1, returned);
  if (name === 'FETCH' && isPoor(documentsExamined))
    return 'reads documents that it then leaves out: the index lacks a field of the filter';
  if (name === 'IXSCAN' && isPoor(keysExamined))
    return 'walks over keys that do not match: the index has another order than the filter';
  return undefined;
}

/** Whether there is a plan: one that took too long to count has its stages alone. */
export const isPlanned = ({ problem, root }: ShapePlan): boolean =>
  problem === undefined || root.inputs.length > 0 || root.stage !== 'NONE';

/** A plan in one sentence. */
export function sentenceOf(plan: ShapePlan): string {
  const { documentsExamined, keysExamined, returned, problem, counted, isOff, unknown } = plan;
  if (problem !== undefined) return `it could not be explained: ${problem}`;
  const figures = figuresOf({ stage: '', documentsExamined, keysExamined, returned, inputs: [] });
  return [
    documentsExamined >= FEW && documentsExamined >= POOR_RATIO * Math.max(1, returned)
      ? `${figures}: ${Math.round(documentsExamined / Math.max(1, returned)).toLocaleString('en')} documents for each that is returned`
      : figures,
    ...(isOff
      ? [
          `an estimate that disagrees with what was counted (${shortOf(counted ?? 0)} a call): no values were found that ask for as much`,
        ]
      : []),
    ...(unknown === undefined ? [] : [`not known: ${unknown}`]),
  ].join('; ');
}

/** So many times more than a plan has read, and another one has run. */
const FAR = 10;

/** That calls were seen to read far more than their plan, in words; undefined where they have not. */
export function seenBeyond(plan: ShapePlan, examined: Examined | undefined): string | undefined {
  if (!examined || plan.problem !== undefined) return undefined;
  const seen = Math.max(examined.documents, examined.keys) / examined.calls;
  if (seen < FEW || seen < FAR * Math.max(plan.documentsExamined, plan.keysExamined)) return undefined;
  return `what has run examined ${Math.round(seen).toLocaleString('en')} a call, as the profiler has seen: this plan is not what runs`;
}

const shortOf = (value: number): string => (Math.round(value * 10) / 10).toLocaleString('en');

/** A plan as a tree, the stage that answers first: each line a stage, and what is wrong with it. Empty for no plan. */
export function treeOf(plan: ShapePlan): readonly { readonly line: string; readonly wrong?: string }[] {
  const lines: { line: string; wrong?: string }[] = [];
  const walk = (stage: PlanStage, lead: string, below: string): void => {
    const index = stage.index === undefined ? '' : ` ${stage.index}`;
    const figures = figuresOf(stage);
    const wrong = wrongWith(stage);
    lines.push({
      line: `${lead}${stage.stage}${index}${figures ? `  ${figures}` : ''}`,
      ...(wrong !== undefined && { wrong }),
    });
    stage.inputs.forEach((input, at) => {
      const isLast = at === stage.inputs.length - 1;
      walk(input, `${below}${isLast ? '└─ ' : '├─ '}`, `${below}${isLast ? '   ' : '│  '}`);
    });
  };
  if (isPlanned(plan)) walk(plan.root, '', '');
  return lines;
}
