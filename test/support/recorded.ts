import type { Recorded } from '../../src/monitor/recorder.js';
import { parseShape } from '../../src/monitor/shape/shape.js';

/** Sorts whatever it is by its text. */
export const byText = (one: unknown, other: unknown): number => String(one).localeCompare(String(other));
/** What was recorded: command, collection, operation, field and how often. */
export const callsOf = ({ commands }: Recorded) =>
  commands.map(({ shape, field, operation, calls }) => [
    parseShape(shape).command,
    parseShape(shape).collection,
    operation,
    field,
    calls,
  ]);
