/** An index of a database. */
export interface NamedIndex {
  readonly collection: string;
  readonly name: string;
}

/** An index as commands name it. */
export const fullName = ({ collection, name }: NamedIndex): string => `${collection}.${name}`;

/** The command that hides one index, and given again a week later drops it, for a shell. */
export function dropCommand(product: string, index: NamedIndex): string {
  const name = fullName(index);
  return `bulkhead indexes apply ${product} --drop ${/^[\w.,:@+-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`}`;
}
