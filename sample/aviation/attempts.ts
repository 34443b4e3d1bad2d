import { apportionInBlocks } from '../apportion.js';
import { id } from '../id.js';
import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { DAY_MS, SAMPLE_UNTIL } from '../time.js';
import type { QuestionPlan } from './question-plan.js';
import { questionId } from './questions.js';
import { studentCreatedAt, studentId, userId } from './students.js';
import { intensityOf, studySessions } from './study.js';
import { SUBJECTS } from './subjects.js';

const STUDENTS_PER_BLOCK = 800;
const WEEK_MS = 7 * DAY_MS;

interface Mind {
  readonly ability: number;
  /** How much is learned in the long run, in logits, and after how many weeks two thirds of it. */
  readonly growth: number;
  readonly weeks: number;
  /** Better in some subjects than in others. */
  readonly leanings: readonly number[];
}

/**
 * Answers, student by student and in order of time. Whether one is right follows the Rasch model: the chance is
 * logistic(ability + what has been learned since the first answer − difficulty of the question).
 */
export function* attempts(
  total: number,
  studentCount: number,
  plan: QuestionPlan,
  signUps: SignUps,
): Generator<Record<string, unknown>> {
  const intensity = (n: number) => intensityOf(n, studentCreatedAt(n, signUps));
  let number = 0;
  for (const { n, count } of apportionInBlocks(total, studentCount, STUDENTS_PER_BLOCK, intensity)) {
    for (const attempt of attemptsOf(n, count, plan, studentCreatedAt(n, signUps))) {
      yield { _id: id('aviation.attempt', number++), ...attempt };
    }
  }
}

function* attemptsOf(n: number, count: number, plan: QuestionPlan, registeredAt: Date) {
  const random = new Random('aviation.attempts', n);
  const mind = mindOf(new Random('aviation.mind', n));
  const student = studentId(n);
  const user = userId(n);
  const sessions = studySessions(random, count, registeredAt);
  const firstAt = sessions[0]?.start ?? 0;
  let left = count;
  let time = 0;
  for (const { start, size } of sessions) {
    const focus = random.chance(0.7) ? subjectAt(random, plan) : null;
    time = Math.max(time, start);
    for (let at = 0; at < size; at++, left--) {
      const subject = focus ?? subjectAt(random, plan);
      // Sessions that would run into each other at the very end are squeezed: nothing is answered after it.
      time = Math.min(time + random.int(12_000, 110_000), SAMPLE_UNTIL.getTime() - left);
      const range = plan.rangeOf(subject);
      const question = range.from + Math.floor(range.count * random.next());
      const traits = plan.traitsOf(subject, question);
      const correct = random.chance(chanceOf(mind, subject, (time - firstAt) / WEEK_MS, traits.difficulty));
      const answeredAt = new Date(time);
      yield {
        student,
        user,
        question: questionId(question),
        choice: correct ? traits.correctChoice : wrongChoice(random, traits),
        correct,
        answeredAt,
        createdAt: answeredAt,
        updatedAt: answeredAt,
      };
    }
  }
}

function mindOf(random: Random): Mind {
  return {
    ability: 0.35 + 0.8 * random.normal(),
    growth: Math.max(0, 1 + 0.45 * random.normal()),
    weeks: 5 + 6 * random.next(),
    leanings: SUBJECTS.map(() => 0.35 * random.normal()),
  };
}

function chanceOf(mind: Mind, subject: number, weeks: number, difficulty: number): number {
  const learned = mind.growth * (1 - Math.exp(-weeks / mind.weeks));
  return 1 / (1 + Math.exp(difficulty - mind.ability - (mind.leanings[subject] ?? 0) - learned));
}

function wrongChoice(random: Random, traits: { correctChoice: number; temptingChoice: number }): number {
  if (random.chance(0.4)) return traits.temptingChoice;
  return (traits.correctChoice + random.int(1, 3)) % 4;
}

/** Large subjects are studied more, in proportion to their questions. */
function subjectAt(random: Random, plan: QuestionPlan): number {
  const wanted = random.next() * plan.count;
  return SUBJECTS.findLastIndex((_, subject) => plan.rangeOf(subject).from <= wanted);
}
