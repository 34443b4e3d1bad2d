/** One stage of a plan, with what the server counted in it. */
export interface PlanStage {
  /** `COLLSCAN`, `IXSCAN`, `FETCH`, `SORT`, … */
  readonly stage: string;
  readonly index?: string;
  readonly keysExamined?: number;
  readonly documentsExamined?: number;
  readonly returned?: number;
  readonly ms?: number;
  readonly inputs: readonly PlanStage[];
}

/**
 * How the server answers one shape, found by explaining a sample of it; as it stands in `_bulkhead.stats`, `_id`
 * `plan:<shape>`, `kind` `plan`. It holds no user's value.
 */
export interface ShapePlan {
  readonly shape: string;
  readonly at: Date;
  readonly documentsExamined: number;
  readonly keysExamined: number;
  readonly returned: number;
  readonly collectionScan: boolean;
  readonly inMemorySort: boolean;
  /** The indexes that it uses. */
  readonly indexes: readonly string[];
  readonly root: PlanStage;
  /** Documents that a call was counted to return when it was made; missing where a plan's cannot be compared with them. */
  readonly counted?: number;
  /** No values were found with which it returns about as many as were counted: its figures say nothing of what runs. */
  readonly isOff?: boolean;
  /** When its indexes were last seen to change: what was examined before is of another plan. */
  readonly indexesSince?: Date;
  /** What nothing tells of the shape's commands, in words. */
  readonly unknown?: string;
  /** Why it could not be explained: the rest is empty then, or without counts where only the time was up. */
  readonly problem?: string;
}
