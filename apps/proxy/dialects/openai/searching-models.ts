/** OpenAI's models that search whether they are asked to or not. */
const SEARCHING = /-search-(preview|api)/i;

/** Why calls of this model have no bound; null if they may have one. */
export function searches(model: string): string | null {
  if (!SEARCHING.test(model)) return null;
  return `Every call of \`${model}\` searches the web, whose fee no price list here has`;
}
