import { expect, it } from 'vitest';
import { neighboursOf } from './neighbours.js';

const at = (uri?: string) => (uri === undefined ? {} : { uri });

it('products are neighbours when their connection strings share a host', () => {
  const products = {
    blog: at('mongodb://u:p@db1.example.org:27017,db2.example.org/blog?replicaSet=rs'),
    shop: at('mongodb://v:q@DB2.example.org:27017/shop'),
    wiki: at('mongodb://v:q@db2.example.org:27018/wiki'),
    mail: at('mongodb+srv://v:q@cluster.example.org/mail'),
    news: at('mongodb+srv://v:q@CLUSTER.example.org/news'),
    none: at(),
  };
  expect(neighboursOf('blog', products)).toEqual(['shop']);
  expect(neighboursOf('shop', products)).toEqual(['blog']);
  expect(neighboursOf('wiki', products)).toEqual([]);
  expect(neighboursOf('mail', products)).toEqual(['news']);
  expect(neighboursOf('none', products)).toEqual([]);
});

it.each(['localhost', 'LOCALHOST', 'localhost.', '127.0.0.1', '127.0.1.1', '[::1]', '[::ffff:127.0.0.1]'])(
  '%s is this machine',
  (host) => {
    const products = { blog: at('mongodb://localhost:27017/blog'), shop: at(`mongodb://${host}:27017/shop`) };
    expect(neighboursOf('blog', products)).toEqual(['shop']);
  },
);
