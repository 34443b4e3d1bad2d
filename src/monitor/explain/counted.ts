import { documentsOfCall, type ShapeStats } from '../stats/read-stats.js';
import type { Shape } from '../shape/shape.js';

/** What the calls of a shape were counted to find: an explanation is an estimate, and has to agree with it. */
export interface Counted {
  /** Documents that a call has found on average; undefined where an explanation cannot be compared with it. */
  readonly found?: number;
  /** The documents that it stops at; undefined where it does not. */
  readonly limit?: number;
  /** A call may ask for more values or branches than its shape shows, and then finds more. */
  readonly isOpenEnded: boolean;
  /** What no shape holds and nothing tells, in words. */
  readonly unknown?: string;
}

/** What stands for a limit where nothing tells: a page. */
export const PAGE = 20;
/** Limits that people give, and those with one more, by which a list sees that it goes on. */
const USUAL = [1, 2, 5, 6, 10, 11, 20, 21, 25, 26, 50, 51, 100, 101, 200, 201, 500, 501, 1_000, 1_001];

/** Stages that answer each document that they get, or pass over some of them. */
const ONE_FOR_ONE = new Set([
  '$match',
  '$sort',
  '$limit',
  '$skip',
  '$project',
  '$addFields',
  '$set',
  '$unset',
  '$replaceRoot',
  '$replaceWith',
  '$lookup',
  '$graphLookup',
]);
/** Of those, the ones behind which there are as many. */
const KEEPS_COUNT = new Set(
  [...ONE_FOR_ONE].filter((stage) => !['$match', '$limit', '$skip'].includes(stage)),
);

/** The names of a pipeline's stages; none for what is no pipeline. */
export const stageNames = (pipeline: unknown): readonly string[] =>
  Array.isArray(pipeline)
    ? (pipeline as unknown[]).map((stage) => Object.keys(Object(stage) as object)[0] ?? '')
    : [];

/** Whether what a command finds is what it answers, one for one; then what was examined beyond that was in vain. */
export function isOneForOne({ command, parts }: Shape): boolean {
  if (command === 'aggregate') return stageNames(parts['pipeline']).every((stage) => ONE_FOR_ONE.has(stage));
  return command !== 'distinct' && command !== 'insert';
}

/** Whether a pipeline unwinds documents, and does nothing else to their number but to pass over some. */
export function hasRowsOf({ command, parts }: Shape): boolean {
  const stages = command === 'aggregate' ? stageNames(parts['pipeline']) : [];
  return stages.includes('$unwind') && stages.every((stage) => stage === '$unwind' || ONE_FOR_ONE.has(stage));
}

/** Whether stages leave the number of documents as it is. */
export const keepsCount = (stages: readonly string[]): boolean =>
  stages.every((stage) => KEEPS_COUNT.has(stage));

const SKIPS = 'how many documents it skips: those are read, too';
const STOPS = `where its $limit stops: ${PAGE} was taken`;

/** What is known of a shape's calls, and what is not. */
export function countedOf(
  shape: Shape,
  stats: Pick<ShapeStats, 'calls' | 'documents' | 'uncounted'>,
): Counted {
  const { command, parts } = shape;
  const isOpenEnded = /"\$in":\["\?","\?"\]|"\$or":\[/.test(JSON.stringify(parts));
  const average = documentsOfCall(stats);
  const of = (found: number | undefined, more: Partial<Counted> = {}): Counted => ({
    isOpenEnded,
    ...(found !== undefined && isOneForOne(shape) && { found }),
    ...more,
  });
  switch (command) {
    case 'find':
      return of(average, {
        ...('limit' in parts && { limit: limitOf(average) }),
        ...('skip' in parts && { unknown: SKIPS }),
      });
    // A command may hold many statements: what each of them has found is not known.
    case 'update':
    case 'delete': {
      const { multi, limit } = Object(parts[`${command}s`]) as { multi?: unknown; limit?: unknown };
      const isMany = command === 'update' ? multi === true : limit !== 1;
      return isMany ? of(average) : of(average && Math.min(1, average), { limit: 1 });
    }
    case 'findAndModify':
      return of(average, { limit: 1 });
    case 'aggregate': {
      const stages = stageNames(parts['pipeline']);
      const last = stages.lastIndexOf('$limit');
      const isKnown = keepsCount(stages.slice(last + 1));
      const unknown = [
        ...(stages.includes('$skip') ? [SKIPS] : []),
        ...(last >= 0 && !isKnown ? [STOPS] : []),
      ];
      return of(average, {
        ...(last >= 0 && { limit: isKnown ? limitOf(average) : PAGE }),
        ...(unknown.length > 0 && { unknown: unknown.join('; ') }),
      });
    }
    default:
      return of(average);
  }
}

/** The limit that an average is just below. */
function limitOf(average: number | undefined): number {
  if (average === undefined) return PAGE;
  return USUAL.find((size) => size >= average) ?? Math.ceil(average);
}

/** So many times more or less, and an explanation says nothing about what has run. */
const MOST_OFF = Math.log(3);
/** So many, and a better one is hardly worth asking for. */
const GOOD = Math.log(1.5);
/** Between none and one nothing fits better than either. */
const GOOD_BELOW_ONE = Math.log(2.3);
/** A share of a limit from which on calls have mostly reached it: the last of pages are shorter. */
const FULL = 0.75;
/** What tells some from none: less than one document. */
const SOME = 0.25;

/** Whether calls have mostly stopped at their limit. */
export const isFull = ({ found = 0, limit }: Counted): boolean =>
  limit !== undefined && found >= limit * FULL;

/** How well an explanation agrees with what was counted. */
export interface Fit {
  /** 0 for as many. */
  readonly distance: number;
  readonly isGood: boolean;
  /** It says nothing about what has run. */
  readonly isOff: boolean;
  /** It stopped at a limit that most calls have not reached. */
  readonly isOverfull: boolean;
}

/** How well `returned` documents of an explanation agree with what was counted. */
export function fitOf(returned: number, { found, limit, isOpenEnded }: Counted): Fit {
  if (found === undefined) return { distance: 0, isGood: true, isOff: false, isOverfull: false };
  const isOverfull = limit !== undefined && limit > 1 && returned >= limit && found < limit * FULL;
  const off = Math.abs(Math.log((returned + SOME) / (found + SOME)));
  const distance = off + (isOverfull ? GOOD : 0);
  return {
    distance,
    isGood: distance <= (found > 0 && found < 1 ? GOOD_BELOW_ONE : GOOD) && !isOverfull,
    isOff: off > MOST_OFF && !(isOpenEnded && returned < found),
    isOverfull,
  };
}
