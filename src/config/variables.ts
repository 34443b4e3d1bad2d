/** What a variable's name ends in after `<PRODUCT>_`. */
export const productSuffixes = [
  'MONGODB_URI',
  'OPS_MONGODB_URI',
  'JWT_SECRET',
  'JWT_SECRET_PREVIOUS',
  'JWT_PUBLIC_KEY',
  'JWT_PUBLIC_KEY_PREVIOUS',
  'JWKS_URL',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'JWT_ALGORITHM',
] as const;

/** Every variable of the gateway itself; each may also be given as `NAME_FILE`. */
export const gatewayVariables = [
  'NODE_ENV',
  'HOST',
  'PORT',
  'MONGODB_URI',
  'BULKHEAD_LOG_LEVEL',
  'BULKHEAD_TRUST_PROXY',
  'BULKHEAD_INTROSPECTION',
  'BULKHEAD_RATE_LIMITS',
  'BULKHEAD_MONITOR',
  'BULKHEAD_METRICS_PORT',
  'BULKHEAD_METRICS_HOST',
  'BULKHEAD_SANDBOX',
  'BULKHEAD_COMPOSED',
  'BULKHEAD_DATA_DIR',
  'BULKHEAD_MONGOD',
  'BULKHEAD_ADMIN_URI',
  'BULKHEAD_SCRATCH_URI',
  'BULKHEAD_ALERT_WEBHOOK',
  'BULKHEAD_JWT_SECRET',
  'BULKHEAD_JWT_SECRET_PREVIOUS',
  'BULKHEAD_JWT_PUBLIC_KEY',
  'BULKHEAD_JWT_PUBLIC_KEY_PREVIOUS',
  'BULKHEAD_JWKS_URL',
  'BULKHEAD_JWT_ISSUER',
  'BULKHEAD_JWT_AUDIENCE',
  'BULKHEAD_JWT_ALGORITHM',
] as const;

/** The variables of one product, by its prefix such as `BLOG`. */
export const productVariables = (envPrefix: string): readonly string[] =>
  productSuffixes.map((suffix) => `${envPrefix}_${suffix}`);
