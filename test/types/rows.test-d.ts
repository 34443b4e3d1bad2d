/** Lines about row rules that must compile, and lines that must not; the type checker is the test. */
import { Rows } from 'bulkhead';
import { PostStatus } from '../../schema/blog/index.js';
import type { Post } from '../../schema/blog/index.js';

Rows<Post>(() => ({ status: PostStatus.PUBLISHED }));
Rows<Post>((viewer) => ({ $or: [{ status: PostStatus.PUBLISHED }, { author: viewer.objectId }] }));

// @ts-expect-error a field that the class lacks: the rule would hide every row, or none
Rows<Post>(() => ({ owner: 1 }));
// @ts-expect-error the same inside an alternative
Rows<Post>(() => ({ $or: [{ state: PostStatus.PUBLISHED }] }));
// @ts-expect-error neither a filter nor a word that is known
Rows<Post>(() => 'some');
