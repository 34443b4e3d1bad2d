import type { ApplyEvent, ApplyResult } from '../indexes/apply.js';
import type { PlannedChange } from '../indexes/assess.js';
import type { ChangeKind } from '../indexes/changes.js';
import { count } from '../indexes/count.js';
import { tellView } from '../indexes/existing-indexes.js';
import type { IndexPlan } from '../indexes/plan.js';
import { paint } from './output.js';

const STYLE: Readonly<Record<ChangeKind, Parameters<typeof paint>[0]>> = {
  unhide: 'green',
  modify: 'yellow',
  create: 'green',
  replace: 'red',
  hide: 'yellow',
  drop: 'red',
};

const bytes = (number: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = number < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(number) / 3));
  return `${(number / 1_000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
};

/** A plan for people: a line for each change, and below it why, what it costs and what to know. */
export function linesOfPlan(plan: IndexPlan & { readonly product: string }): string[] {
  const { product, changes, undeclared } = plan;
  const lines = [
    changes.length === 0
      ? `${product}: ${plan.drop ? 'nothing to do yet about what --drop names' : 'the indexes are what the classes declare'}`
      : `${product}: ${count(changes.length, 'change')}`,
  ];
  for (const [i, change] of changes.entries()) lines.push(...linesOfChange(change, i + 1));
  for (const view of plan.views) lines.push(paint('dim', `  view        ${tellView(view)}`));
  for (const { collection, name, index, hidden, droppableAt, note } of undeclared) {
    const state = droppableAt ? `, hidden, to be dropped after ${droppableAt}` : hidden ? ', hidden' : '';
    lines.push(
      paint('dim', `  undeclared  ${collection}.${name}  ${index}${state}${note ? ` (${note})` : ''}`),
    );
  }
  if (!plan.dropUndeclared && !plan.drop && undeclared.length > 0)
    lines.push(
      paint(
        'dim',
        '  What no class declares is left; --drop COLLECTION.INDEX hides one, --drop-undeclared all, and given again they drop what was hidden so and has waited.',
      ),
    );
  return lines;
}

function linesOfChange(change: PlannedChange, number: number): string[] {
  const { kind, collection, name, index, reason, cost, warnings, blockers, building } = change;
  const stored = cost.isTimeSeries
    ? count(cost.documents, 'bucket of a time series', 'buckets of a time series')
    : count(cost.documents, 'document');
  const size = `${stored}, ${bytes(cost.dataBytes)}`;
  return [
    `${String(number).padStart(3)} ${paint(STYLE[kind], kind.padEnd(7))} ${collection}.${name}  ${index}`,
    `      why: ${reason}`,
    `      takes ${building ? 'what is left of the build' : cost.duration} (${size}); blocks ${cost.blocks}`,
    `      writes: ${cost.writes}`,
    ...warnings.map((one) => `      ${paint('yellow', '!')} ${one}`),
    ...blockers.map((one) => `      ${paint('red', '✗')} ${one}`),
  ];
}

/** What is happening, and whether the line stays. */
export function progressOf(product: string, event: ApplyEvent): { line: string; lasting: boolean } {
  if (event.event === 'waiting')
    return { line: `${product}: ${event.holder} is at work on the indexes; waiting`, lasting: true };
  const { change } = event;
  const what = `${product}: ${change.kind} ${change.collection}.${change.name}`;
  if (event.event === 'begin') return { line: `${what} (${event.number} of ${event.of})`, lasting: false };
  if (event.event === 'building') {
    const { seconds, step, done, total } = event.progress;
    const share = done !== undefined && total ? ` ${Math.round((100 * done) / total)} %` : '';
    return { line: `${what}: ${seconds} s${step ? `, ${step}${share}` : ''}`, lasting: false };
  }
  if (event.event === 'done') return { line: `${paint('green', '✓')} ${what}`, lasting: true };
  return { line: `${paint('red', '✗')} ${what}: ${event.why}`, lasting: true };
}

type NamedResult = ApplyResult & { readonly product: string };

/** The end of it, for people. */
export function linesOfResult({ product, done, left, interrupted }: NamedResult): string[] {
  return [
    `${product}: ${count(done.length, 'change')} done, ${left.length} left${interrupted ? '; it was stopped, and running it again goes on' : ''}`,
    ...left.map(({ change, why }) => `  ${change.kind} ${change.collection}.${change.name}: ${why}`),
  ];
}

/** The end of it, for programs. */
export const summaryOf = ({ product, done, left, interrupted }: NamedResult) => ({
  product,
  done,
  left,
  interrupted,
});
