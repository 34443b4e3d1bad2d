import type { Import, Parsed } from './parse.js';

/** One rule of the house: what it complains about in a file. */
export type Rule = (file: Parsed) => string[];

/** The rooms from the ground up; a room imports from its own floor and those below. */
export const FLOORS: readonly (readonly string[])[] = [
  ['config', 'errors'],
  ['product', 'database'],
  ['graph', 'auth', 'compartment'],
  ['ledger', 'monitor', 'indexes', 'contract', 'migrate', 'stream', 'backup'],
  ['cli', 'development', 'doctor', 'server', 'jobs'],
];

const isTest = (path: string) => path.includes('.test.');
const isProductFolder = (path: string) => /^(schema|resolvers|sample|migrations)\//.test(path);
const roomOf = (path: string) => /^src\/([^/]+)\//.exec(path)?.[1];
const floorOf = (room: string) => FLOORS.findIndex((floor) => floor.includes(room));
const complain = (imports: readonly Import[], of: (one: Import) => string | false | undefined): string[] =>
  imports.flatMap((one) => of(one) || []);

/** Arrows go one way: no room imports from a floor above; `errors` imports nothing of ours; nobody imports the surface. */
export const arrows: Rule = ({ path, imports }) => {
  if (!path.startsWith('src/') || path === 'src/index.ts' || isTest(path)) return [];
  const room = roomOf(path);
  if (room === undefined || floorOf(room) < 0)
    return [`${path}: stands in no room; give its folder a floor in test/architecture/rules.ts`];
  return complain(imports, ({ file, specifier }) => {
    if (specifier === 'bulkhead' || file === 'src/index.ts')
      return `${path}: imports the package's surface; import the file itself`;
    const other = file && roomOf(file);
    if (!other || other === room) return false;
    if (room === 'errors') return `${path}: errors imports nothing of ours, but imports ${file}`;
    return floorOf(other) > floorOf(room) && `${path}: ${room} stands below ${other}, but imports ${file}`;
  });
};

/** Product folders know the package by its name only, and no other product. */
export const productFolders: Rule = ({ path, imports }) => {
  if (!isProductFolder(path) || isTest(path)) return [];
  const product = productOf(path);
  return complain(imports, ({ file, specifier }) => {
    if (file?.startsWith('src/') || specifier.startsWith('bulkhead/') || specifier.startsWith('src/'))
      return `${path}: imports ${specifier}; a product folder imports from 'bulkhead' only`;
    const other = file && productOf(file);
    return (
      Boolean(product && other && other !== product) && `${path}: imports ${specifier} of another product`
    );
  });
};
const productOf = (path: string) => /^(?:schema|resolvers|sample|migrations)\/([^/]+)\//.exec(path)?.[1];

/** The engine knows no product: neither a folder of one nor a name. */
export const noProductByName: Rule = ({ path, imports, words }) => {
  if (!path.startsWith('src/') || isTest(path)) return [];
  return [
    ...complain(
      imports,
      ({ file, specifier }) => file && isProductFolder(file) && `${path}: imports ${specifier} of a product`,
    ),
    ...new Set(
      words
        .filter((word) => /blog|aviation/i.test(word))
        .map((word) => `${path}: names a product: ${word.slice(0, 60)}`),
    ),
  ];
};

const METADATA = ['getMetadataStorage', 'buildSchema', 'buildSchemaSync', 'buildTypeDefsAndResolvers', '*'];

/** TypeGraphQL's process-wide metadata is touched in one file. */
export const metadataInOneFile: Rule = ({ path, imports }) => {
  if (path === 'src/graph/type-graphql.ts') return [];
  return complain(imports, ({ specifier, names }) => {
    const found = specifier === 'type-graphql' && names.find((name) => METADATA.includes(name));
    return found && `${path}: imports ${found} of type-graphql; only src/graph/type-graphql.ts may`;
  });
};

const BY_NAME = ['getModelForClass', 'getDiscriminatorModelForClass', 'getClass'];

/** Models belong to a connection: no lookup by name, no default connection, no second database on a connection. */
export const noSharedConnections: Rule = ({ path, imports, members }) => [
  ...complain(imports, ({ specifier, names }) => {
    const found =
      specifier === '@typegoose/typegoose'
        ? names.find((name) => BY_NAME.includes(name))
        : specifier === 'mongoose' && names.find((name) => name === 'connect');
    return found && `${path}: imports ${found} of ${specifier}`;
  }),
  ...members
    .filter(
      (one) =>
        one === 'mongoose.connect' || one.endsWith('.useDb') || BY_NAME.includes(one.split('.')[1] ?? ''),
    )
    .map((one) => `${path}: uses ${one}`),
];

/** A deep import loads a second copy of graphql, whose types are strangers to the first. */
export const noDeepGraphql: Rule = ({ path, imports }) =>
  complain(
    imports,
    ({ specifier }) => specifier.startsWith('graphql/') && `${path}: imports ${specifier}; import 'graphql'`,
  );

/** A long file asks what it is doing twice. */
export const MAX_LINES = 400;
export const shortFiles: Rule = ({ path, lines }) =>
  path.startsWith('src/') && lines > MAX_LINES ? [`${path}: ${lines} lines, more than ${MAX_LINES}`] : [];
