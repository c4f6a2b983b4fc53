/** All attacks, in groups after which the honest tenant is judged. */
import type { AttackGroup } from './attack.ts';
import { bodyAttacks } from './bodies/body-attacks.ts';
import { framing } from './http/framing.ts';
import { providerAnswers } from './http/provider-answers.ts';
import { replays } from './http/replays.ts';
import { oddIds, shapes } from './http/shapes.ts';
import { slow, takers } from './http/slow.ts';
import { strangers } from './http/strangers.ts';
import { keysInPaths, onTheMeter } from './meter/meter-attacks.ts';
import { type Bait, sqlAttacks } from './sql/sql-attacks.ts';

export const groupsOfAttacks = (bait: Bait): readonly AttackGroup[] => [
  { name: 'strangers', kind: 'http', attacks: strangers },
  { name: 'framing', kind: 'http', attacks: framing },
  { name: 'shapes', kind: 'http', attacks: shapes },
  { name: 'odd ids', kind: 'http', attacks: oddIds },
  { name: 'replays', kind: 'http', attacks: replays },
  { name: 'slow', kind: 'http', attacks: slow },
  { name: 'takers', kind: 'http', attacks: takers },
  { name: 'answers of providers', kind: 'http', attacks: providerAnswers },
  { name: 'bodies', kind: 'body', attacks: bodyAttacks },
  { name: 'sql', kind: 'sql', attacks: sqlAttacks(bait) },
  { name: 'meter', kind: 'process', attacks: onTheMeter },
  // Last: by then keys were sent wherever a request can hold one.
  { name: 'secrets', kind: 'process', attacks: keysInPaths },
];
