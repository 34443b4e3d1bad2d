import { type ResponsePath, responsePathAsArray } from 'graphql';

/**
 * How many commands of a field were sent one by one, by the places of the answer that they were sent for: for each element
 * of a list (N+1), of all lists together; or in a loop, at one place. What a client asks for under many names is neither.
 *
 * @param places of one context, of each command that was sent for one place alone.
 */
export function sentOneByOne(places: readonly ResponsePath[]): number {
  const byPosition = new Map<string, string[]>();
  for (const place of places) {
    const keys = responsePathAsArray(place);
    const position = keys.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
    const found = byPosition.get(position);
    if (found) found.push(keys.join('.'));
    else byPosition.set(position, [keys.join('.')]);
  }
  let inLists = 0;
  let inLoop = 0;
  for (const found of byPosition.values())
    if (new Set(found).size > 1) inLists += found.length;
    else inLoop = Math.max(inLoop, found.length);
  return Math.max(inLists, inLoop);
}
