import type { Random } from '../random.js';

/** A question as drawn from a template: its text, the right answer and three wrong ones. */
export interface Drawn {
  readonly text: string;
  readonly correct: string;
  readonly wrong: readonly string[];
}

/** A way of asking. */
export interface Template {
  /** How many different questions it holds; `Infinity` where numbers are drawn. */
  readonly rows: number;
  /** Added to the difficulty of its questions, in logits. */
  readonly hardness: number;
  draw(random: Random, row: number): Drawn;
}

/** A question written by hand: text, right answer, three wrong ones. */
export type Fact = readonly [text: string, correct: string, wrong: string, wrong: string, wrong: string];

/** Questions written by hand, one by one. */
export function facts(hardness: number, list: readonly Fact[]): Template {
  return {
    rows: list.length,
    hardness,
    draw(_random, row) {
      const [text, correct, ...wrong] = at(list, row);
      return { text, correct, wrong };
    },
  };
}

/** One question per entry of a table; the wrong answers are those of other entries. */
export function pairs(
  hardness: number,
  ask: (term: string) => string,
  table: readonly (readonly [term: string, answer: string])[],
): Template {
  return {
    rows: table.length,
    hardness,
    draw(random, row) {
      const [term, correct] = at(table, row);
      const others = new Set(table.map(([, answer]) => answer));
      others.delete(correct);
      return { text: ask(term), correct, wrong: random.shuffle([...others]).slice(0, 3) };
    },
  };
}

/** Questions with numbers in them, different each time. */
export function computed(hardness: number, draw: (random: Random) => Drawn): Template {
  return { rows: Infinity, hardness, draw };
}

/**
 * The right answer and three wrong ones from a result and from what typical mistakes give. Mistakes that read like
 * the right answer or like one another are replaced by results that are merely off.
 */
export function figures(
  result: number,
  mistakes: readonly number[],
  format: (value: number) => string,
): Pick<Drawn, 'correct' | 'wrong'> {
  const correct = format(result);
  const wrong = new Set<string>();
  const off = [1.2, 0.85, 1.4, 0.7, 1.6, 0.5, 2, 3, 4, 6].map((factor) => result * factor);
  for (const value of [...mistakes, ...off]) {
    const text = format(value);
    if (wrong.size < 3 && text !== correct && value > 0) wrong.add(text);
  }
  return { correct, wrong: [...wrong] };
}

/** Formats rounded to a step: `rounded('kg', 10)(1234)` is `1230 kg`. */
export function rounded(unit: string, step = 1): (value: number) => string {
  const digits = step < 1 ? Math.ceil(-Math.log10(step)) : 0;
  return (value) => `${(Math.round(value / step) * step).toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
}

/** A direction in three digits, from 001 to 360. */
export function bearing(degrees: number): string {
  const turned = ((Math.round(degrees) % 360) + 360) % 360;
  return String(turned === 0 ? 360 : turned).padStart(3, '0') + '°';
}

/** Hours and minutes: `2 h 05 min`. */
export function duration(minutes: number): string {
  const whole = Math.round(minutes);
  return `${Math.floor(whole / 60)} h ${String(whole % 60).padStart(2, '0')} min`;
}

function at<T>(list: readonly T[], row: number): T {
  const entry = list[row % list.length];
  if (entry === undefined) throw new RangeError('expected a template with at least one row, got none');
  return entry;
}
