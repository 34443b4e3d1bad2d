/** How a secret made for development begins, so that it is recognised where it must not be. */
export const developmentSecretPrefix = 'development-';

const placeholder = /change.?(me|this|it)|your.?(secret|jwt|key|256)|placeholder|example|password|insecure/i;

/**
 * Why a secret must not sign tokens in production, or null where it may. The answer never quotes the secret.
 *
 * Not a measure of entropy, only a net for what people type: too short, too few different characters,
 * a word repeated, a keyboard or alphabet run, a placeholder left standing.
 */
export function weaknessOf(secret: string): string | null {
  if (secret.startsWith(developmentSecretPrefix)) return 'it was made for development';
  if (Buffer.byteLength(secret) < 32) return 'it is shorter than 32 bytes';
  if (new Set(secret).size < 10) return 'it has fewer than 10 different characters';
  if (isRepeated(secret)) return 'it repeats itself';
  if (isRun(secret)) return 'it is mostly a run of neighbouring characters';
  if (placeholder.test(secret)) return 'it looks like a placeholder';
  return null;
}

/** A text that repeats a part of itself is found inside its double before its end. */
const isRepeated = (text: string): boolean => {
  const period = (text + text).indexOf(text, 1);
  return period <= text.length / 2;
};

const isRun = (text: string): boolean => {
  let neighbours = 0;
  for (let i = 1; i < text.length; i++) {
    if (Math.abs(text.charCodeAt(i) - text.charCodeAt(i - 1)) <= 1) neighbours++;
  }
  return neighbours > text.length / 2;
};
