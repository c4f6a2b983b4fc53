import { expect, it } from 'vitest';
import { endUserOf } from './end-user.ts';

it('an end user is the first that is named, and empty text names nobody', () => {
  expect([
    endUserOf('header', 'identifier', 'user'),
    endUserOf(undefined, 'identifier', 'user'),
    endUserOf('', null, 'user'),
    endUserOf(undefined, '', ''),
    endUserOf(),
  ]).toEqual(['header', 'identifier', 'user', null, null]);
});
