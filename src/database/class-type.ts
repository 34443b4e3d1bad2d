/** A class that is stored, resolved or validated; deliberately plain, since deep instance types of mutually referring classes exhaust the compiler (TS2589). */
export type ClassType<T extends object = object> = abstract new (...args: never[]) => T;
