import { AuditEntry } from './audit-entry.js';
import { Comment } from './comment.js';
import { Post } from './post.js';
import { Session } from './session.js';
import { User } from './user.js';

export { AuditEntry, Comment, Post, Session, User };
export { PostStatus } from './post.js';

/** Every class the blog stores. */
export const blogSchema = [Post, User, Comment, Session, AuditEntry];
