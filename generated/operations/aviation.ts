/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type CreateStudentInput = {
  name: string;
  /** Whose student it is. Default: the signed-in user; only an administrator may name another. */
  user?: string | null | undefined;
};

export type IssueCreditsInput = {
  amount: number;
  /** Chosen by the caller, unique to this transfer: sent again, it answers the same transfer. */
  idempotencyKey: string;
  reason: string;
  to: string;
};

export type SignUpInput = {
  email: string;
  name: string;
  /** At least ten characters. */
  password: string;
};

export type TransferCreditsInput = {
  amount: number;
  from: string;
  /** Chosen by the caller, unique to this transfer: sent again, it answers the same transfer. */
  idempotencyKey: string;
  reason: string;
  to: string;
};

export type SignUpMutationVariables = Exact<{
  input: SignUpInput;
}>;


export type SignUpMutation = { signUp: { token: string } | null };

export type CreateStudentMutationVariables = Exact<{
  input: CreateStudentInput;
}>;


export type CreateStudentMutation = { createStudent: { id: string } | null };

export type AccountsOfQueryVariables = Exact<{
  owner: string;
}>;


export type AccountsOfQuery = { accounts: Array<{ id: string, unit: string, balance: number }> };

export type IssueCreditsMutationVariables = Exact<{
  input: IssueCreditsInput;
}>;


export type IssueCreditsMutation = { issueCredits: { id: string, amount: number, reason: string } | null };

export type TransferCreditsMutationVariables = Exact<{
  input: TransferCreditsInput;
}>;


export type TransferCreditsMutation = { transferCredits: { id: string, amount: number, reason: string } | null };

export type TransferLineFragment = { id: string, amount: number, reason: string };

export type PerformanceBySubjectQueryVariables = Exact<{
  student?: string | null | undefined;
}>;


export type PerformanceBySubjectQuery = { performanceBySubject: Array<{ answers: number, rate: number, subject: { code: string, name: string } | null }> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const TransferLineFragmentDoc = new TypedDocumentString(`
    fragment TransferLine on Transfer {
  id
  amount
  reason
}
    `, {"fragmentName":"TransferLine"}) as unknown as TypedDocumentString<TransferLineFragment, unknown>;
export const SignUpDocument = new TypedDocumentString(`
    mutation SignUp($input: SignUpInput!) {
  signUp(input: $input) {
    token
  }
}
    `, {"hash":"sha256:a1d67d6b82434323e212227877a9004c416327ccf1bbbbdc2e4855c8ea353d46"}) as unknown as TypedDocumentString<SignUpMutation, SignUpMutationVariables>;
export const CreateStudentDocument = new TypedDocumentString(`
    mutation CreateStudent($input: CreateStudentInput!) {
  createStudent(input: $input) {
    id
  }
}
    `, {"hash":"sha256:07e8114cbe63ff5ca3fb3b531467e70773441f5a0dd593e4d94ebfed412edc9d"}) as unknown as TypedDocumentString<CreateStudentMutation, CreateStudentMutationVariables>;
export const AccountsOfDocument = new TypedDocumentString(`
    query AccountsOf($owner: ID!) {
  accounts(owner: $owner) {
    id
    unit
    balance
  }
}
    `, {"hash":"sha256:adafbec7317b99c2fbbc89f02527f78e2c557ac517e6e8e39237bf5ff5e1d2bf"}) as unknown as TypedDocumentString<AccountsOfQuery, AccountsOfQueryVariables>;
export const IssueCreditsDocument = new TypedDocumentString(`
    mutation IssueCredits($input: IssueCreditsInput!) {
  issueCredits(input: $input) {
    ...TransferLine
  }
}
    fragment TransferLine on Transfer {
  id
  amount
  reason
}`, {"hash":"sha256:5cf660bc9c76353cc9c882cc3c95abaa8e83dce63e2bb5975de31f9eed729278"}) as unknown as TypedDocumentString<IssueCreditsMutation, IssueCreditsMutationVariables>;
export const TransferCreditsDocument = new TypedDocumentString(`
    mutation TransferCredits($input: TransferCreditsInput!) {
  transferCredits(input: $input) {
    ...TransferLine
  }
}
    fragment TransferLine on Transfer {
  id
  amount
  reason
}`, {"hash":"sha256:5c51ae16b54da1732d2b7f4e9ee27de1d575faec4a29b5378ebd4cbe3bd40f49"}) as unknown as TypedDocumentString<TransferCreditsMutation, TransferCreditsMutationVariables>;
export const PerformanceBySubjectDocument = new TypedDocumentString(`
    query PerformanceBySubject($student: ID) {
  performanceBySubject(student: $student) {
    subject {
      code
      name
    }
    answers
    rate
  }
}
    `, {"hash":"sha256:d194b484ab59b293b7079781b06da6c3346e03e51396543bcfb051a8369b53ba"}) as unknown as TypedDocumentString<PerformanceBySubjectQuery, PerformanceBySubjectQueryVariables>;
