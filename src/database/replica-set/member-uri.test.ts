import { expect, test } from 'vitest';
import { memberUri } from './member-uri.js';

test('one member is asked by itself, as the user of the set and with its options', () => {
  expect(
    memberUri('mongodb://root:p%40ss@a:1,b:2,c:3/shop?replicaSet=rs0&tls=true&authSource=admin', 'b:2'),
  ).toBe('mongodb://root:p%40ss@b:2/shop?tls=true&authSource=admin&directConnection=true');
  expect(memberUri('mongodb://a', 'b:2')).toBe('mongodb://b:2/?directConnection=true');
  expect(memberUri('mongodb://a/?directConnection=false&ReplicaSet=rs0', 'b:2')).toBe(
    'mongodb://b:2/?directConnection=true',
  );
});

test('what a +srv string leaves unsaid is said', () => {
  expect(memberUri('mongodb+srv://root:secret@cluster.example/shop', 'b:2', 'admin')).toBe(
    'mongodb://root:secret@b:2/shop?authSource=admin&tls=true&directConnection=true',
  );
  expect(memberUri('mongodb+srv://cluster.example/?ssl=false&authSource=own', 'b:2', 'admin')).toBe(
    'mongodb://b:2/?ssl=false&authSource=own&directConnection=true',
  );
});

test('what is no connection string is refused without being repeated', () => {
  expect(() => memberUri('postgres://root:secret@a', 'b:2')).toThrow(
    new TypeError('expected a connection string (mongodb://…)'),
  );
});
