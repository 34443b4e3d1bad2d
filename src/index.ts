import 'reflect-metadata';
/** What the package promises. Everything else is internal. */
export { hashPassword, type PasswordAsker, verifyPassword } from './auth/passwords.js';
export { Rows, type RowFilter, type RowRule } from './auth/rows.js';
export { type Power, Viewer, type ViewerKind } from './auth/viewer.js';
export type { ClassType } from './database/class-type.js';
export type { NewDocument, Stored, Writer } from './database/models.js';
export type { Filter, Row, Sort } from './database/reader.js';
export { BulkheadError, type BulkheadErrorOptions, StartError } from './errors/bulkhead-error.js';
export { catalogue, type ErrorCode } from './errors/catalogue.js';
export {
  type Connection,
  connectionOf,
  ForwardPageArguments,
  PageArguments,
  PageInfo,
} from './graph/connection.js';
export type { Models, ProductContext, SignIns, UserRecord } from './graph/context.js';
export type { Order } from './graph/cursor.js';
export { Entity } from './graph/entity.js';
export { findObjectId, toObjectId } from './graph/ids.js';
export type { AggregateOptions, ListOptions, Lists } from './graph/lists.js';
export type { Loaders } from './graph/loaders.js';
export { Requires } from './graph/requires.js';
export { IsLine } from './graph/line.js';
export { toTimeZone } from './auth/months.js';
export { Credits, DateTime, MAX_CREDITS } from './graph/scalars.js';
export { AppendOnly } from './product/append-only.js';
export type { CommandCost, OperationCost } from './monitor/command-cost.js';
export { type Budget, expectOperation, type MeasuredOperation } from './monitor/expect-operation.js';
export { type Composed, defineGateway, type Gateway, type GatewayOptions } from './product/gateway.js';
export { defineProduct, type Limits, type Product, type ProductOptions } from './product/product.js';
export type { LoadSample, SampleBatch } from './product/sample.js';
