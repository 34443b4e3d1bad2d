import { CommentResolver } from './comment.resolver.js';
import { PostResolver } from './post.resolver.js';
import { UserResolver } from './user.resolver.js';

/** What the blog answers. */
export const blogResolvers = [PostResolver, UserResolver, CommentResolver];
