import { Attempt } from './attempt.js';
import { CachedResponse } from './cached-response.js';
import { Choice, Difficulty, Question } from './question.js';
import { Session } from './session.js';
import { Student } from './student.js';
import { Subject } from './subject.js';
import { User } from './user.js';

export { Attempt, CachedResponse, Choice, Difficulty, Question, Session, Student, Subject, User };

/** Every class Aviation Infinity stores in collections of its own; the ledger adds accounts and transfers. */
export const aviationSchema = [Subject, Question, Student, Attempt, User, Session, CachedResponse];
