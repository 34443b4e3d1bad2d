import { apportion } from '../apportion.js';
import { Random } from '../random.js';
import { SUBJECTS } from './subjects.js';
import type { Template } from './template.js';
import { templates } from './templates/index.js';

/** How many questions each subject has at least, so that the smallest sample still has something to ask. */
export const QUESTIONS_PER_SUBJECT = 2;

const CHOICES = 4;
const EASY_BELOW = -0.5;
const HARD_FROM = 0.75;

/** What can be known about a question without its words: cheap, as every attempt asks for it. */
export interface QuestionTraits {
  /** In logits, on the scale of the students' ability. */
  readonly difficulty: number;
  readonly correctChoice: number;
  /** The wrong choice most people fall for. */
  readonly temptingChoice: number;
}

/** One way a subject asks: a row of a finite template, or a template that draws numbers. */
interface Slot {
  readonly template: Template;
  readonly row: number;
}

interface SubjectPlan {
  readonly from: number;
  readonly count: number;
  /** Each is asked once, between questions with numbers. */
  readonly finite: readonly Slot[];
  readonly endless: readonly Template[];
}

/** Which questions there are: each subject has a run of consecutive numbers, as long as its weight makes it. */
export class QuestionPlan {
  readonly #subjects: readonly SubjectPlan[];
  readonly count: number;

  constructor(count: number) {
    const spare = Math.max(0, count - QUESTIONS_PER_SUBJECT * SUBJECTS.length);
    const parts = apportion(
      spare,
      SUBJECTS.map(({ weight }) => weight),
    );
    let from = 0;
    this.#subjects = SUBJECTS.map(({ code }, position) => {
      const own = QUESTIONS_PER_SUBJECT + (parts[position] ?? 0);
      const plan = { from, count: own, ...toSlots(code, templates[code] ?? []) };
      from += own;
      return plan;
    });
    this.count = from;
  }

  /** The numbers of a subject's questions: the first one and how many. */
  rangeOf(subject: number): { readonly from: number; readonly count: number } {
    return this.#planOf(subject);
  }

  /** The way question number `n`, one of that subject, asks. */
  slotOf(subject: number, n: number): Slot {
    const { from, finite, endless } = this.#planOf(subject);
    const own = n - from;
    const prepared = own % 2 === 0 ? finite[own / 2] : undefined;
    return prepared ?? { template: pickEndless(endless, n), row: 0 };
  }

  traitsOf(subject: number, n: number): QuestionTraits {
    const random = new Random('aviation.question.traits', n);
    const correctChoice = random.int(0, CHOICES - 1);
    const temptingChoice = (correctChoice + random.int(1, CHOICES - 1)) % CHOICES;
    const { hardness } = this.slotOf(subject, n).template;
    const difficulty = (SUBJECTS[subject]?.hardness ?? 0) + hardness + 0.85 * random.normal();
    return { difficulty, correctChoice, temptingChoice };
  }

  #planOf(subject: number): SubjectPlan {
    const plan = this.#subjects[subject];
    if (!plan) throw new RangeError(`expected a subject from 0 to ${SUBJECTS.length - 1}, got ${subject}`);
    return plan;
  }
}

/** The stored grade of a numeric difficulty. */
export function toGrade(difficulty: number): 'EASY' | 'MEDIUM' | 'HARD' {
  if (difficulty < EASY_BELOW) return 'EASY';
  return difficulty < HARD_FROM ? 'MEDIUM' : 'HARD';
}

function toSlots(code: string, list: readonly Template[]) {
  const finite = list
    .filter(({ rows }) => Number.isFinite(rows))
    .flatMap((template) => Array.from({ length: template.rows }, (_, row) => ({ template, row })));
  return {
    finite: new Random(`aviation.slots.${code}`).shuffle(finite),
    endless: list.filter(({ rows }) => !Number.isFinite(rows)),
  };
}

function pickEndless(list: readonly Template[], n: number): Template {
  return new Random('aviation.question.template', n).pick(list);
}
