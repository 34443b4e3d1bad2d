import { id } from '../id.js';
import { Random } from '../random.js';
import { DAY_MS, SAMPLE_FROM } from '../time.js';
import { toGrade, type QuestionPlan } from './question-plan.js';
import { SUBJECTS, subjectId } from './subjects.js';

/** The identifier of question number `n`. */
export const questionId = (n: number) => id('aviation.question', n);

/** The question bank, subject by subject; complete before the first student signs up. */
export function* questions(plan: QuestionPlan): Generator<Record<string, unknown>> {
  for (const subject of SUBJECTS.keys()) {
    const { from, count } = plan.rangeOf(subject);
    for (let n = from; n < from + count; n++) yield question(plan, subject, n);
  }
}

function question(plan: QuestionPlan, subject: number, n: number): Record<string, unknown> {
  const random = new Random('aviation.question.words', n);
  const { difficulty, correctChoice } = plan.traitsOf(subject, n);
  const { template, row } = plan.slotOf(subject, n);
  const { text, correct, wrong } = template.draw(random, row);
  const texts = random.shuffle(wrong);
  texts.splice(correctChoice, 0, correct);
  const createdAt = new Date(SAMPLE_FROM.getTime() - random.int(DAY_MS, 29 * DAY_MS));
  const revised = random.chance(0.2);
  return {
    _id: questionId(n),
    subject: subjectId(subject),
    text,
    choices: texts.map((choice) => ({ text: choice })),
    difficulty: toGrade(difficulty),
    correctChoice,
    createdAt,
    updatedAt: revised ? new Date(SAMPLE_FROM.getTime() + random.int(0, 300) * DAY_MS) : createdAt,
  };
}
