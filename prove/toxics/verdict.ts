import { median, percentile, type Spread, spreadOf } from '../../bench/statistics.js';
import { crossedIn, isPressed, wrongIn } from './promises.js';
import { after, isAfter, type Round } from './rounds.js';
import { type Answer, isGood } from './traffic.js';

/** The bars: answers that the other product keeps, the time until the blog is back, and until it refuses nothing. */
const KEEPS = 0.95;
const BACK_MS = 5_000;
const WHOLE_MS = 5_000;
/** A toxic that refuses nothing, opens no more connections and is not so many times slower than without has not been there. */
const BITES = { connections: 20, slower: 2 };

interface Sum {
  /** Share of the answers. */
  readonly good: number;
  readonly refused: number;
  readonly medianMs: number;
  readonly slowestMs: number;
}

function sum(answers: readonly Answer[], product: string, isIn: (phase: string) => boolean): Sum {
  const own = answers.filter((answer) => answer.product === product && isIn(answer.phase));
  const took = own.map(({ tookMs }) => tookMs);
  const good = own.filter(({ reply }) => isGood(reply)).length;
  return {
    good: Math.round((good / own.length) * 1_000) / 1_000,
    refused: own.length - good,
    medianMs: median(took),
    slowestMs: percentile(took, 1),
  };
}

const during = (phase: string) => (one: string) => one === phase;

/** How long after a toxic was removed the last request was sent that was refused for its sake; 0 when none was. */
function msUntilWhole({ phase, removedAt }: Round, answers: readonly Answer[]): number {
  const refused = answers.filter(
    ({ product, phase: one, reply }) =>
      product === 'blog' && one === after(phase) && !isGood(reply) && !isPressed(reply),
  );
  return Math.round(refused.reduce((last, { sentAt }) => Math.max(last, sentAt - removedAt), 0));
}

/** What a round came to, in a line. */
export function tell(round: Round, answers: readonly Answer[]): string {
  const { phase, backMs, opened } = round;
  const [blog, other] = ['blog', 'aviation'].map((name) => JSON.stringify(sum(answers, name, during(phase))));
  return `blog ${blog}, back after ${backMs} ms, whole after ${msUntilWhole(round, answers)} ms, ${opened} connections opened; aviation ${other}`;
}

/** Figures by toxic and of all together, and what was not kept. */
export function judge(toxics: readonly string[], rounds: readonly Round[], answers: readonly Answer[]) {
  const figures: Record<string, number | Spread> = {};
  const failures: string[] = [];
  const withoutMs = sum(answers, 'blog', isAfter).medianMs;
  for (const toxic of toxics) {
    const own = rounds.filter((round) => round.toxic === toxic);
    const blog = own.map(({ phase }) => sum(answers, 'blog', during(phase)));
    figures[`toxics.${toxic}.good`] = spreadOf(blog.map(({ good }) => good));
    figures[`toxics.${toxic}.medianMs`] = spreadOf(blog.map(({ medianMs }) => medianMs));
    figures[`toxics.${toxic}.slowestMs`] = spreadOf(blog.map(({ slowestMs }) => slowestMs));
    figures[`toxics.${toxic}.opened`] = spreadOf(own.map(({ opened }) => opened));
    figures[`toxics.${toxic}.backMs`] = spreadOf(own.map(({ backMs }) => backMs));
    figures[`toxics.${toxic}.wholeMs`] = spreadOf(own.map((round) => msUntilWhole(round, answers)));
  }
  const kept: number[] = [];
  for (const round of rounds) {
    const { phase, backMs, opened } = round;
    const wholeMs = msUntilWhole(round, answers);
    const { refused, medianMs } = sum(answers, 'blog', during(phase));
    const { good } = sum(answers, 'aviation', during(phase));
    kept.push(good);
    if (backMs > BACK_MS) failures.push(`${phase}: the blog was back after ${backMs} ms, not ${BACK_MS}`);
    if (wholeMs > WHOLE_MS)
      failures.push(`${phase}: the blog refused a request ${wholeMs} ms after it, not ${WHOLE_MS}`);
    if (!(good >= KEEPS)) failures.push(`${phase}: aviation kept ${good} of its answers, not ${KEEPS}`);
    if (refused === 0 && opened < BITES.connections && medianMs < BITES.slower * withoutMs)
      failures.push(`${phase}: the toxic had no effect, so that nothing is proved`);
  }
  const wrong = found(answers, 'blog', wrongIn);
  const crossed = found(answers, 'aviation', crossedIn);
  failures.push(...wrong, ...crossed);
  Object.assign(figures, {
    'toxics.without.medianMs': withoutMs,
    'toxics.aviationGood': spreadOf(kept),
    'toxics.requests': answers.length,
    'toxics.wrongAnswers': wrong.length,
    'toxics.crossedOver': crossed.length,
  });
  return { figures, failures };
}

const found = (
  answers: readonly Answer[],
  product: string,
  look: (answer: Answer) => string | undefined,
): string[] =>
  answers
    .filter((answer) => answer.product === product)
    .map(look)
    .filter((line) => line !== undefined);
