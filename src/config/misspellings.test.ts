import { expect, test } from 'vitest';
import { findMisspellings } from './misspellings.js';

const PRODUCTS = ['blog', 'aviation'];

test.each([
  ['BLOG_MONGO_URI', 'BLOG_MONGODB_URI'],
  ['BLOG_URI', 'BLOG_MONGODB_URI'],
  ['BLOG_JTW_SECRET', 'BLOG_JWT_SECRET'],
  ['BLOG_JWT_SECRET_KEY', 'BLOG_JWT_SECRET'],
  ['AVIATION_OPS_MONGO_URI', 'AVIATION_OPS_MONGODB_URI'],
  ['BULKHEAD_COMPOSE', 'BULKHEAD_COMPOSED'],
  ['BULKHEAD_LOGLEVEL', 'BULKHEAD_LOG_LEVEL'],
  ['BULKHEAD_HOST', 'HOST'],
])('%s is taken for a misspelt %s', (given, meant) => {
  expect(findMisspellings(Object.keys({ [given]: 'x' }), PRODUCTS)).toEqual([
    `${given} is not a variable of the gateway: did you mean ${meant}?`,
  ]);
});

test.each([
  'BLOG_TITLE',
  'BLOG_URL',
  'BLOG_PORT_4000_TCP_ADDR',
  'BULKHEAD_SERVICE_HOST',
  'BULKHEAD_PORT',
  'BLOG_MONGODB_SERVICE_HOST',
  'BLOG_MONGODB_SERVICE_PORT',
  'BLOG_MONGODB_PORT_27017_TCP_PROTO',
  'BULKHEAD_WORKER_SERVICE_HOST',
  'MONGO_URI_OF_OTHERS',
  'BLOGGER_MONGO_URI',
])('%s is left alone', (name) => {
  expect(findMisspellings(Object.keys({ [name]: 'x' }), PRODUCTS)).toEqual([]);
});

test('what Kubernetes adds for a service called like one of our variables is left alone, a misspelt port is not', () => {
  const link = (service: string) => ({
    [`${service}_SERVICE_HOST`]: '10.0.0.1',
    [`${service}_SERVICE_PORT`]: '27017',
    [`${service}_SERVICE_PORT_MONGODB`]: '27017',
    [`${service}_PORT`]: 'tcp://10.0.0.1:27017',
    [`${service}_PORT_27017_TCP`]: 'tcp://10.0.0.1:27017',
    [`${service}_PORT_27017_TCP_ADDR`]: '10.0.0.1',
  });
  const services = ['BLOG_MONGODB', 'BULKHEAD_WORKER', 'BULKHEAD', 'AVIATION_MONGO'];
  expect(
    findMisspellings(
      services.flatMap((one) => Object.keys(link(one))),
      PRODUCTS,
    ),
  ).toEqual([]);
  expect(findMisspellings(Object.keys({ BULKHEAD_METRIC_PORT: '9100' }), PRODUCTS)).toEqual([
    'BULKHEAD_METRIC_PORT is not a variable of the gateway: did you mean BULKHEAD_METRICS_PORT?',
  ]);
});

test('a product whose name begins with another’s keeps its variables', () => {
  const env = { BLOG_ARCHIVE_MONGODB_URI: 'mongodb://db/archive', BLOG_MONGODB_URI: 'mongodb://db/blog' };
  expect(findMisspellings(Object.keys(env), ['blog', 'blog-archive'])).toEqual([]);
});
