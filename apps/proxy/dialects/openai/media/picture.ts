/** What a picture is like, as far as its price goes by it: the name of its price in a list. */

/** As requests and answers state them. @returns null: they state nothing that tells pictures apart */
export function pictureOf(quality: unknown, size: unknown): string | null {
  if (typeof size !== 'string') return null;
  return `${typeof quality === 'string' ? quality : 'standard'}-${size}`.toLowerCase();
}

/** What is asked for where a request leaves it out, as OpenAI's models by the picture have it. */
export function askedPicture(quality: unknown, size: unknown): string {
  return pictureOf(quality ?? 'standard', size ?? '1024x1024') ?? 'standard-1024x1024';
}

/** Tokens of a picture of `gpt-image-1`, by its size, of the highest quality, which `auto` may be too. */
const HIGHEST: Readonly<Record<string, number>> = {
  '1024x1024': 4_160,
  '1024x1536': 6_240,
  '1536x1024': 6_208,
  auto: 6_240,
};
/** Tokens of each picture that is shown while one is drawn. */
const PARTIAL_TOKENS = 100;
/** Later models write text besides, and draw in any size: nobody states the most of that. */
const LISTED = /^gpt-image-1(-\d{4}-\d\d-\d\d)?$/;

/** @returns null: nobody knows */
export function pictureTokensMax(
  model: string,
  { size, count, partial }: { size: string; count: number; partial: number },
): number | null {
  const each = LISTED.test(model) ? HIGHEST[size] : undefined;
  return each === undefined ? null : count * (each + partial * PARTIAL_TOKENS);
}
