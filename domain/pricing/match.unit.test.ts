import { expect, it } from 'vitest';
import { matchesModel } from './match.ts';
import type { ModelMatch } from './price.ts';

it.each([
  [{ equals: 'GPT-4o' }, ['gpt-4O'], ['gpt-4o-mini', 'my-gpt-4o', 'gpt']],
  [{ starts_with: 'GPT-4' }, ['gpt-4', 'Gpt-4o'], ['my-gpt-4', 'gpt']],
  [{ ends_with: '-Mini' }, ['gpt-4o-MINI', '-mini'], ['-mini-x', 'mini']],
  [{ contains: 'Sonnet' }, ['claude-SONNET-4', 'sonnet'], ['claude-son-net']],
  [{ regex: '^o[134](-mini)?$' }, ['o3', 'O1-mini'], ['o2', 'o3-pro', 'go3']],
  [{ regex: 'turbo' }, ['gpt-4-turbo-2024'], ['gpt-4']],
  [{ or: [{ equals: 'a' }, { starts_with: 'b' }] }, ['A', 'bc'], ['ab', 'c']],
  [{ or: [] }, [], ['a']],
  [{ and: [{ starts_with: 'a' }, { ends_with: 'z' }] }, ['az', 'A-Z'], ['a', 'z', 'za']],
  [{ and: [] }, ['a'], []],
] as [ModelMatch, string[], string[]][])('%o applies to %o and not to %o', (match, yes, no) => {
  expect([...yes, ...no].filter((model) => matchesModel(match, model))).toEqual(yes);
});
