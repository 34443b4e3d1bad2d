import { buildSchema, type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';

/** A schema as text, sorted by name, so that the order of declarations changes nothing. */
export const printSdl = (schema: GraphQLSchema): string =>
  `${printSchema(lexicographicSortSchema(schema))}\n`;

/** One difference between two schemas, in words: `+ type Shelf`, `- Item.price: Int!`. */
export type SdlDifference = string;

/**
 * How a schema differs from a text that was written earlier; empty when they say the same, descriptions included.
 *
 * @throws GraphQLError when the text is no schema.
 */
export function diffSdl(written: string, schema: GraphQLSchema): SdlDifference[] {
  const before = membersOf(printSdl(buildSchema(written)));
  const after = membersOf(printSdl(schema));
  const gone = [...before].filter(([member, text]) => after.get(member) !== text);
  const come = [...after].filter(([member, text]) => before.get(member) !== text);
  return [...gone.map(([, text]) => `- ${text}`), ...come.map(([, text]) => `+ ${text}`)];
}

/** Every line that declares something, by where it stands, with its owner before it. */
function membersOf(sdl: string): Map<string, string> {
  const members = new Map<string, string>();
  let owner = '';
  let isInDescription = false;
  for (const line of sdl.split('\n')) {
    const text = line.trim();
    const quotes = line.split('"""').length - 1;
    if (quotes > 0 || isInDescription) {
      if (quotes === 1) isInDescription = !isInDescription;
      const described = line.startsWith(' ') ? `${owner} ${text}` : text;
      members.set(described, described);
      continue;
    }
    if (text === '' || text === '}' || text === ')') continue;
    if (!line.startsWith(' ')) {
      owner = /^(?:directive )?\w* ?(@?\w+)/.exec(text)?.[1] ?? text;
      members.set(text, text.replace(/ ?\{$/, ''));
    } else members.set(`${owner}.${text}`, `${owner}.${text}`);
  }
  return members;
}
