import { Types } from 'mongoose';

/** How far a token reaches inside a product. `admin` includes `write`, `write` includes `read`. */
export type Power = 'read' | 'write' | 'admin';

const includes: Record<Power, readonly Power[]> = {
  read: ['read', 'write', 'admin'],
  write: ['write', 'admin'],
  admin: ['admin'],
};

/** How a caller proved who it is. */
export type ViewerKind = 'anonymous' | 'session' | 'service' | 'operator';

/**
 * Who is asking, as one product sees it: only the scopes of that product are left.
 *
 * `session` is a signed-in user and acts on own rows; `service` holds a token under the product's key,
 * `operator` one under the gateway's.
 */
export class Viewer {
  constructor(
    readonly kind: ViewerKind,
    /** The user's id for a session, the token's subject otherwise; null when anonymous. */
    readonly id: string | null,
    /** Scopes that hold in this product, such as `blog:read`. */
    readonly scopes: readonly string[],
    readonly product: string,
  ) {}

  static anonymous(product: string): Viewer {
    return new Viewer('anonymous', null, [], product);
  }

  get isAnonymous(): boolean {
    return this.kind === 'anonymous';
  }

  /** The id as it is stored; throws for a viewer that is no user of the product. */
  get objectId(): Types.ObjectId {
    if (this.kind !== 'session' || !this.id) throw new TypeError(`A ${this.kind} viewer has no user id.`);
    return new Types.ObjectId(this.id);
  }

  /** Whether the scopes include a power over the whole product, whatever the kind of caller. */
  may(power: Power): boolean {
    return includes[power].some((held) => this.scopes.includes(`${this.product}:${held}`));
  }

  /** Whether rows of every owner are visible: a service's or operator's token with the power; a session reaches its own rows only. */
  seesAll(power: Power = 'read'): boolean {
    return this.kind !== 'session' && this.may(power);
  }

  /** The name written beside what this viewer does: `session:<user id>`, `service:<subject>`, `operator:<subject>`. */
  get principal(): string {
    return this.isAnonymous ? 'anonymous' : `${this.kind}:${this.id}`;
  }
}
