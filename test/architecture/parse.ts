import { posix } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import type { Source } from './sources.js';

/** One module that a file names, and what it takes from it. */
export interface Import {
  /** As written: `../graph/ids.js`, `graphql`. */
  readonly specifier: string;
  /** A path from the repository's root for a relative one, with the ending of the source file. */
  readonly file: string | undefined;
  /** Imported names; `*` for the whole module: a default or namespace import, a dynamic one, `export *`. */
  readonly names: readonly string[];
}

/** What the checks need of a file. */
export interface Parsed {
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  /** Identifiers, and the texts of string and template literals; not comments, not the names of modules. */
  readonly words: readonly string[];
  /** `object.property` of each member access whose object is a name, `.property` of any other. */
  readonly members: readonly string[];
}

const isWritten = (node: {
  readonly type: string;
  readonly value?: unknown;
}): node is { type: string; value: string } => node.type === 'Literal' && typeof node.value === 'string';

/** Reads a file's imports (static, dynamic and in types), words and member accesses. */
export function parse({ path, text }: Source): Parsed {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message}`);

  const imports: Import[] = [];
  const specifiers = new Set<number>();
  const words: string[] = [];
  const members: string[] = [];
  const add = (specifier: string, at: number, names: readonly string[]) => {
    specifiers.add(at);
    const file = specifier.startsWith('.')
      ? posix.join(posix.dirname(path), specifier).replace(/\.([cm]?)js$/, '.$1ts')
      : undefined;
    imports.push({ specifier, file, names });
  };

  for (const one of module.staticImports) {
    const names = one.entries.map(({ importName }) => importName.name ?? '*');
    add(one.moduleRequest.value, one.moduleRequest.start, names);
  }
  for (const { moduleRequest, importName } of module.staticExports.flatMap((one) => one.entries))
    if (moduleRequest) add(moduleRequest.value, moduleRequest.start, [importName.name ?? '*']);

  new Visitor({
    ImportExpression: ({ source }) => {
      if (isWritten(source)) add(source.value, source.start, ['*']);
    },
    TSImportType: ({ source }) => add(source.value, source.start, ['*']),
    TSExternalModuleReference: ({ expression }) => add(expression.value, expression.start, ['*']),
    Identifier: ({ name }) => void words.push(name),
    Literal: ({ value, start }) => {
      if (typeof value === 'string' && !specifiers.has(start)) words.push(value);
    },
    TemplateElement: ({ value }) => void words.push(value.raw),
    MemberExpression: (node) => {
      const property = node.computed
        ? isWritten(node.property)
          ? node.property.value
          : undefined
        : 'name' in node.property
          ? node.property.name
          : undefined;
      if (property === undefined) return;
      members.push(`${node.object.type === 'Identifier' ? node.object.name : ''}.${property}`);
    },
  }).visit(program);

  return { path, lines: text.split('\n').length - 1, imports, words, members };
}
