import { IsLine } from 'bulkhead';
import { PostStatus } from '../../schema/blog/index.js';
import { ArrayMaxSize, IsOptional, Length, Matches } from 'class-validator';
import { Field, ID, InputType, registerEnumType } from 'type-graphql';

export enum PostSort {
  NEWEST = 'NEWEST',
  OLDEST = 'OLDEST',
}
registerEnumType(PostSort, {
  name: 'PostSort',
  description: 'By the time of publication; posts that were never published stand last in NEWEST.',
});

@InputType()
export class PostFilter {
  @Field(() => PostStatus, { nullable: true })
  status?: PostStatus;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @Length(1, 40)
  tag?: string;

  @Field(() => ID, { nullable: true })
  author?: string;
}

/** Tags are lower-case words joined by hyphens. */
const TAG = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const TAG_RULE = { each: true, message: 'each tag is made of lower-case words joined by hyphens' } as const;

@InputType()
export class CreatePostInput {
  @Field()
  @IsLine(200)
  title!: string;

  @Field()
  @Length(1, 100_000)
  body!: string;

  @Field(() => [String], { nullable: true })
  @IsOptional()
  @ArrayMaxSize(10)
  @IsLine(40, { each: true })
  @Matches(TAG, TAG_RULE)
  tags?: string[];

  @Field(() => ID, {
    nullable: true,
    description: 'Whose post it is; only an administrator may name somebody else.',
  })
  author?: string;
}

@InputType()
export class UpdatePostInput {
  @Field(() => String, { nullable: true })
  @IsOptional()
  @IsLine(200)
  title?: string;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @Length(1, 100_000)
  body?: string;

  @Field(() => [String], { nullable: true })
  @IsOptional()
  @ArrayMaxSize(10)
  @IsLine(40, { each: true })
  @Matches(TAG, TAG_RULE)
  tags?: string[];
}
