import { bindingsOf } from './templates.js';

/** Where text that is code begins and ends: quotes and comments are passed over. */
const SKIPPED = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** The same text with everything that is no code blanked out, so that positions stay. */
const codeOf = (text: string): string => text.replace(SKIPPED, (found) => found.replace(/[^\n]/g, ' '));

/** The lines that declare a product, for whoever has to add them by hand. */
export function entryOf(product: string): { readonly imports: readonly string[]; readonly entry: string } {
  const { schema, resolvers } = bindingsOf(product);
  const key = /^[a-z][a-z0-9]*$/.test(product) ? product : `'${product}'`;
  return {
    imports: [
      `import { ${resolvers} } from './resolvers/${product}/index.js';`,
      `import { ${schema} } from './schema/${product}/index.js';`,
    ],
    entry: `    ${key}: defineProduct({
      schema: ${schema},
      resolvers: ${resolvers},
      public: 'read',
    }),`,
  };
}

/**
 * The text of `bulkhead.config.ts` with one more product, or undefined where it does not have the expected form: a
 * `products: { … }` with each product on lines of its own, and `defineProduct` imported.
 */
export function addProduct(text: string, product: string): string | undefined {
  const code = codeOf(text);
  const isImported = /^import\s*\{[^}]*\bdefineProduct\b[^}]*\}/m.test(code);
  const openings = [...code.matchAll(/\bproducts\s*:\s*\{/g)];
  const imports = [...code.matchAll(/^import\b[^;]*;/gm)];
  const lastImport = imports.at(-1);
  const [opening] = openings;
  if (!isImported || openings.length !== 1 || !opening || !lastImport) return undefined;

  const start = opening.index + opening[0].length;
  const end = closingBrace(code, start);
  if (end === undefined) return undefined;
  const inside = code.slice(start, end).trimEnd();
  const at = start + inside.length;
  const { imports: added, entry } = entryOf(product);
  const isEmpty = inside.trim() === '';
  const comma = isEmpty || inside.endsWith(',') ? '' : ',';
  const lastLine = text.slice(text.lastIndexOf('\n', end - 1) + 1, end);
  const tail = lastLine.trim() === '' ? '' : '\n  ';
  const afterImports = lastImport.index + lastImport[0].length;
  return [
    text.slice(0, afterImports),
    ...added.map((line) => `\n${line}`),
    text.slice(afterImports, at),
    `${comma}\n${entry}`,
    tail,
    text.slice(at),
  ].join('');
}

function closingBrace(code: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === '{') depth += 1;
    if (code[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}
