/** The set would not: what came of it instead, and what to do. */
export class StepDownError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StepDownError';
  }
}
