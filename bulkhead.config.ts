import { defineGateway, defineProduct } from 'bulkhead';
import { aviationResolvers } from './resolvers/aviation/index.js';
import { blogResolvers } from './resolvers/blog/index.js';
import { aviationSample } from './sample/aviation/index.js';
import { blogSample } from './sample/blog/index.js';
import * as aviation from './schema/aviation/index.js';
import * as blog from './schema/blog/index.js';

/** Which products there are, and what each may use. */
export default defineGateway({
  products: {
    blog: defineProduct({
      schema: blog.blogSchema,
      resolvers: blogResolvers,
      public: 'read',
      signIns: { user: blog.User, session: blog.Session },
      critical: [blog.Post, blog.User],
      sample: blogSample,
    }),
    aviation: defineProduct({
      schema: aviation.aviationSchema,
      resolvers: aviationResolvers,
      public: 'read',
      signIns: { user: aviation.User, session: aviation.Session },
      answers: aviation.CachedResponse,
      ledger: { unit: 'credit' },
      critical: [aviation.Student, aviation.Attempt],
      sample: aviationSample,
    }),
  },
});
