import 'reflect-metadata';
import { ArgsType, Field } from 'type-graphql';
import { expect, it } from 'vitest';
import { Problems } from './problem.js';
import { checkArguments } from './root-fields.js';

// In a file of its own: the store is the process's, and each later check in it would find this class.
@ArgsType()
class Lost {
  @Field({ name: 'limit' })
  first!: number;
}

it('complains about an argument whose value is lost under another name', () => {
  const problems = new Problems();
  checkArguments(problems);
  expect(problems.list()).toEqual([
    `${Lost.name}.first: a field of arguments or of an input under another name, whose value is silently lost: take name off @Field and rename the property.`,
  ]);
});
