import { isCut, parseShape } from '../../monitor/shape/shape.js';
import { isRecord } from './conditions.js';
import type { WriteLoad } from './cost.js';
import type { ObservedShape } from './need.js';

type Change = WriteLoad['changes'][number];

/** What the observed writes of a collection touch. */
export function writeLoadOf(shapes: readonly ObservedShape[], collection: string): WriteLoad {
  let whole = 0;
  const changes: Change[] = [];
  for (const { text, calls, documents } of shapes) {
    if (isCut(text)) continue;
    const { command, collection: name, parts } = parseShape(text);
    if (name !== collection) continue;
    if (command === 'insert') whole += Math.max(calls, documents);
    else if (command === 'delete') whole += documents;
    else if (command === 'findAndModify' && parts['remove'] === true) whole += documents;
    else if (command === 'update' && isRecord(parts['updates']))
      changes.push(changeOf(parts['updates']['u'], documents));
    else if (command === 'findAndModify') changes.push(changeOf(parts['update'], documents));
  }
  return { whole, changes };
}

function changeOf(update: unknown, documents: number): Change {
  if (!isRecord(update)) return { documents };
  const paths = Object.values(update).flatMap((names) => (Array.isArray(names) ? (names as string[]) : []));
  return { paths: paths.map((path) => path.replace(/\.(?:\*|\$(?:\[[^\]]*\])?)(?=\.|$)/g, '')), documents };
}
