/** Whether an entry of a price list applies to a model name. */
import type { ModelMatch } from './price.ts';

/** Ignores case, as providers do. A regular expression matches anywhere in the name. */
export function matchesModel(match: ModelMatch, model: string): boolean {
  const name = model.toLowerCase();
  if ('equals' in match) return name === match.equals.toLowerCase();
  if ('starts_with' in match) return name.startsWith(match.starts_with.toLowerCase());
  if ('ends_with' in match) return name.endsWith(match.ends_with.toLowerCase());
  if ('contains' in match) return name.includes(match.contains.toLowerCase());
  if ('regex' in match) return new RegExp(match.regex).test(name);
  if ('or' in match) return match.or.some((one) => matchesModel(one, name));
  return match.and.every((one) => matchesModel(one, name));
}
