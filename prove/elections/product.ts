/** The product that is asked: the one of the samples that has a ledger. */
export const PRODUCT = 'aviation';
