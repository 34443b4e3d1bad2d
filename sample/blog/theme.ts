/** One thing to write about within a theme. */
export interface Topic {
  /** Reads on after "about", in lower case unless it is a name. */
  readonly name: string;
  readonly tag: string;
  readonly sentences: readonly string[];
}

/** Words that belong together: a post takes its title, its paragraphs and its tags from one theme. */
export interface Theme {
  /** Reads on after "writes about". */
  readonly label: string;
  /** The first one stands on every post of the theme. */
  readonly tags: readonly [string, ...string[]];
  /** `{topic}` stands for the topic's name. */
  readonly titles: readonly string[];
  /** Follows some of the titles. */
  readonly angles: readonly string[];
  readonly topics: readonly Topic[];
  readonly openings: readonly string[];
  readonly middles: readonly string[];
  readonly closings: readonly string[];
  /** What readers say; `{topic}` as in the titles. */
  readonly remarks: readonly string[];
}
