/** Where a field stands, and the way to complain about it. */
export interface Place {
  /** `Post.status`, or `Choice.text (in Question.choices)` inside an embedded class. */
  readonly at: string;
  /** Reports one problem: what is wrong, and what to do about it. */
  readonly say: Say;
}

/** Reports one problem of a place. */
export type Say = (wrong: string, remedy: string) => void;

/** Collects problems, each as one sentence `place: what is wrong: remedy.` */
export class Problems {
  readonly #found = new Set<string>();

  /** The place of a class, a field or a root field. */
  place(at: string): Place {
    return { at, say: (wrong, remedy) => void this.#found.add(`${at}: ${wrong}: ${remedy}.`) };
  }

  /** Each problem once, in the order in which they were found. */
  list(): string[] {
    return [...this.#found];
  }
}
