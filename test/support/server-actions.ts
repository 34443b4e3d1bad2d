import { mongo } from 'mongoose';

/** What can be tried on a server. Commands are written out: the driver asks the server more than it is told to. */
export interface Action<Target> {
  /** `home` is the database of whoever tries. */
  readonly run: (target: Target, home: mongo.Db) => Promise<unknown>;
  /** Whether the target is another afterwards. */
  readonly changes: boolean;
}

/** A collection that is tried: its name need not be there. */
export interface Place {
  readonly db: mongo.Db;
  readonly name: string;
}

const reads = <Target>(run: Action<Target>['run']): Action<Target> => ({ run, changes: false });
const changes = <Target>(run: Action<Target>['run']): Action<Target> => ({ run, changes: true });

/** The index that an action drops. */
export const EXTRA = 'extra';
/** What an action makes of a collection by renaming it. */
export const MOVED = 'moved';
/** What actions make: a view, an index. */
export const MADE = 'made';
const SET = { $set: { updatedAt: new Date() } };
const cursor = {};

/** An identity that no document has. */
const nobody = () => ({ _id: new mongo.ObjectId() });
const on = (name: string, rest: mongo.Document) =>
  reads<Place>((to) => to.db.command({ [name]: to.name, ...rest }));
const changed = (name: string, rest: mongo.Document = {}) =>
  changes<Place>((to) => to.db.command({ [name]: to.name, ...rest }));
const pipe = (...pipeline: mongo.Document[]) => on('aggregate', { pipeline, cursor });
/** A pipeline over a collection that both roles may read: what is refused is refused for the target. */
const fromHome = (home: mongo.Db, ...stages: mongo.Document[]) =>
  home.command({ aggregate: 'users', pipeline: [{ $match: nobody() }, ...stages], cursor });
/** How a stage names what it reads: in another database by both names. */
const nameFrom = (home: mongo.Db, { db, name }: Place) =>
  db.databaseName === home.databaseName ? name : { db: db.databaseName, coll: name };
const rename = (from: Place, to: Place) =>
  from.db.client.db('admin').command({
    renameCollection: `${from.db.databaseName}.${from.name}`,
    to: `${to.db.databaseName}.${to.name}`,
  });
const emits = { map: 'function () { emit(1, 1); }', reduce: 'function () { return 1; }' };

/** What can be done with a collection. */
export const COLLECTION_ACTIONS: Readonly<Record<string, Action<Place>>> = {
  find: on('find', { limit: 1 }),
  count: on('count', {}),
  distinct: on('distinct', { key: 'updatedAt' }),
  aggregate: pipe({ $limit: 1 }),
  explain: reads(({ db, name }) => db.command({ explain: { find: name } })),
  'find by `$where`': on('find', { filter: { $where: 'true' }, limit: 1 }),
  mapReduce: on('mapReduce', { ...emits, out: { inline: 1 } }),
  dataSize: reads(({ db, name }) => db.command({ dataSize: `${db.databaseName}.${name}` })),
  'change stream': pipe({ $changeStream: {} }),
  insert: changes(({ db, name }) =>
    db.command({ insert: name, documents: [{ ...nobody(), createdAt: new Date(), updatedAt: new Date() }] }),
  ),
  'insert past a validator': changes(({ db, name }) =>
    db.command({ insert: name, documents: [nobody()], bypassDocumentValidation: true }),
  ),
  update: reads(({ db, name }) => db.command({ update: name, updates: [{ q: nobody(), u: SET }] })),
  findAndModify: reads(({ db, name }) => db.command({ findAndModify: name, query: nobody(), update: SET })),
  remove: reads(({ db, name }) => db.command({ delete: name, deletes: [{ q: nobody(), limit: 1 }] })),
  '`$lookup` from it': reads((from, home) =>
    fromHome(home, {
      $lookup: { from: nameFrom(home, from), localField: '_id', foreignField: '_id', as: 'all' },
    }),
  ),
  '`$graphLookup` from it': reads((from, home) =>
    fromHome(home, {
      $graphLookup: {
        from: nameFrom(home, from),
        startWith: '$_id',
        connectFromField: '_id',
        connectToField: '_id',
        as: 'all',
      },
    }),
  ),
  '`$unionWith` it': reads((from, home) => fromHome(home, { $unionWith: nameFrom(home, from) })),
  '`$merge` into it': reads(({ db, name: coll }, home) =>
    fromHome(home, { $merge: { into: { db: db.databaseName, coll } } }),
  ),
  '`$out` into it': changes(({ db, name: coll }, home) =>
    fromHome(home, { $out: { db: db.databaseName, coll } }),
  ),
  'mapReduce into it': changes(({ db, name }, home) =>
    home.command({
      mapReduce: 'users',
      ...emits,
      query: nobody(),
      out: { merge: name, db: db.databaseName },
    }),
  ),
  createCollection: changed('create'),
  'create a capped one': changed('create', { capped: true, size: 4_096 }),
  'create a view of it': changes(({ db, name }) => db.command({ create: MADE, viewOn: name, pipeline: [] })),
  collMod: on('collMod', { validationLevel: 'strict' }),
  convertToCapped: changed('convertToCapped', { size: 4_096 }),
  rename: changes((from) => rename(from, { db: from.db, name: MOVED })),
  'rename it into home': changes((from, home) => rename(from, { db: home, name: MOVED })),
  'rename something of home over it': changes((to, home) => rename({ db: home, name: 'spare' }, to)),
  drop: changed('drop'),
  createIndex: changed('createIndexes', { indexes: [{ key: { made: 1 }, name: MADE }] }),
  dropIndex: changed('dropIndexes', { index: EXTRA }),
  reIndex: changed('reIndex'),
  listIndexes: on('listIndexes', {}),
  '`$indexStats`': pipe({ $indexStats: {} }),
  collStats: on('collStats', {}),
  '`$collStats`': pipe({ $collStats: { latencyStats: {} } }),
  validate: on('validate', {}),
  compact: on('compact', {}),
  '`$planCacheStats`': pipe({ $planCacheStats: {} }),
  planCacheClear: on('planCacheClear', {}),
  planCacheSetFilter: on('planCacheSetFilter', { query: { made: 1 }, indexes: [{ _id: 1 }] }),
};

const say = (one: mongo.Document) => reads<mongo.Db>((db) => db.command(one));
const change = (one: mongo.Document) => changes<mongo.Db>((db) => db.command(one));
const MALLORY = 'mallory';

/** What can be done with a database. */
export const DATABASE_ACTIONS: Readonly<Record<string, Action<mongo.Db>>> = {
  listCollections: say({ listCollections: 1 }),
  'names of the collections it may use': say({
    listCollections: 1,
    nameOnly: true,
    authorizedCollections: true,
  }),
  dbStats: say({ dbStats: 1 }),
  dbHash: say({ dbHash: 1 }),
  'ask the profiler’s level': say({ profile: -1 }),
  'set the profiler’s level': change({ profile: 0, slowms: 100, sampleRate: 1 }),
  'change stream': say({ aggregate: 1, pipeline: [{ $changeStream: {} }], cursor }),
  dropDatabase: change({ dropDatabase: 1 }),
  usersInfo: say({ usersInfo: 1 }),
  rolesInfo: say({ rolesInfo: 1, showBuiltinRoles: true, showPrivileges: true }),
  createUser: change({ createUser: MALLORY, pwd: MALLORY, roles: [] }),
  'change its password': change({ updateUser: 'blog-serve', pwd: MALLORY }),
  'grant itself a role': change({ grantRolesToUser: 'blog-serve', roles: ['readWrite'] }),
  revokeRolesFromUser: change({ revokeRolesFromUser: 'blog-ops', roles: ['bulkhead.ops'] }),
  dropUser: change({ dropUser: 'blog-ops' }),
  dropAllUsersFromDatabase: change({ dropAllUsersFromDatabase: 1 }),
  createRole: change({ createRole: MALLORY, privileges: [], roles: [] }),
  updateRole: change({ updateRole: 'bulkhead.serve', roles: ['readWrite'] }),
  'grant its role a privilege': change({
    grantPrivilegesToRole: 'bulkhead.serve',
    privileges: [{ resource: { db: 'blog', collection: '' }, actions: ['find'] }],
  }),
  dropRole: change({ dropRole: 'bulkhead.ops' }),
};

/** An id that no operation and no session of the server has. */
const NO_OPERATION = 2_000_000_000;

/** What can be done with the server, on the database `admin`. */
export const SERVER_ACTIONS: Readonly<Record<string, Action<mongo.Db>>> = {
  connectionStatus: say({ connectionStatus: 1, showPrivileges: true }),
  hello: say({ hello: 1 }),
  buildInfo: say({ buildInfo: 1 }),
  'names of the databases it may use': say({ listDatabases: 1, nameOnly: true, authorizedDatabases: true }),
  listDatabases: say({ listDatabases: 1, nameOnly: true, authorizedDatabases: false }),
  'currentOp of its own': say({ currentOp: 1, $ownOps: true }),
  'currentOp of all': say({ currentOp: 1 }),
  'killOp of others': say({ killOp: 1, op: NO_OPERATION }),
  // Of nobody: all of a user's would be those of other tests, where an administrator tries.
  'killSessions of its own': say({ killSessions: [{ id: new mongo.UUID() }] }),
  killAllSessions: say({ killAllSessions: [{ user: MALLORY, db: 'admin' }] }),
  'sessions of its own': say({ aggregate: 1, pipeline: [{ $listLocalSessions: {} }], cursor }),
  'sessions of all': say({ aggregate: 1, pipeline: [{ $listLocalSessions: { allUsers: true } }], cursor }),
  'change stream of the cluster': say({
    aggregate: 1,
    pipeline: [{ $changeStream: { allChangesForCluster: true } }],
    cursor,
  }),
  serverStatus: say({ serverStatus: 1 }),
  top: say({ top: 1 }),
  hostInfo: say({ hostInfo: 1 }),
  connPoolStats: say({ connPoolStats: 1 }),
  lockInfo: say({ lockInfo: 1 }),
  getLog: say({ getLog: 'global' }),
  getCmdLineOpts: say({ getCmdLineOpts: 1 }),
  getParameter: say({ getParameter: 1, logLevel: 1 }),
  setParameter: change({ setParameter: 1, logLevel: 0 }),
  getClusterParameter: say({ getClusterParameter: '*' }),
  setClusterParameter: change({
    setClusterParameter: { changeStreamOptions: { preAndPostImages: { expireAfterSeconds: 'off' } } },
  }),
  getDefaultRWConcern: say({ getDefaultRWConcern: 1 }),
  setDefaultRWConcern: change({ setDefaultRWConcern: 1, defaultWriteConcern: { w: 1 } }),
  setFeatureCompatibilityVersion: change({ setFeatureCompatibilityVersion: '6.0' }),
  setUserWriteBlockMode: change({ setUserWriteBlockMode: 1, global: false }),
  fsync: say({ fsync: 1 }),
  'fsync with lock': change({ fsync: 1, lock: true }),
  logRotate: change({ logRotate: 1 }),
  rotateCertificates: change({ rotateCertificates: 1 }),
  dropConnections: change({ dropConnections: 1, hostAndPort: [] }),
  invalidateUserCache: change({ invalidateUserCache: 1 }),
  applyOps: change({ applyOps: [] }),
  appendOplogNote: change({ appendOplogNote: 1, data: {} }),
  replSetGetStatus: say({ replSetGetStatus: 1 }),
  replSetGetConfig: say({ replSetGetConfig: 1 }),
  replSetReconfig: change({ replSetReconfig: {} }),
  replSetStepDown: change({ replSetStepDown: 1 }),
  replSetFreeze: change({ replSetFreeze: 0 }),
  replSetMaintenance: change({ replSetMaintenance: false }),
  shutdown: change({ shutdown: 1 }),
};
