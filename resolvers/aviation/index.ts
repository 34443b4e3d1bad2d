import { AnalyticsResolver } from './analytics.resolver.js';
import { AttemptResolver } from './attempt.resolver.js';
import { QuestionResolver } from './question.resolver.js';
import { StudentResolver } from './student.resolver.js';

/** What Aviation Infinity answers. */
export const aviationResolvers = [QuestionResolver, StudentResolver, AttemptResolver, AnalyticsResolver];
