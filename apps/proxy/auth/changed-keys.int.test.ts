/** What becomes of a key in the ledger, as a proxy that follows it serves calls. */
import { keyEvents, teamEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { TeamArchived } from '@tollgate/domain/customer/customer-events.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type KeyHouse, openKeyHouse } from '../testing/key-house.ts';

let house: KeyHouse;
let key_id: string;
let team_id: string;
let secret: string;
let revision: bigint | 'no_stream';

beforeAll(async () => {
  house = await openKeyHouse();
});
afterAll(() => house.close());

beforeEach(async () => {
  const key = house.newKey();
  ({ key_id, team_id, secret } = key);
  revision = 'no_stream';
  await happens(key.issued);
  await becomes(200);
});

async function happens(event: KeyEvent): Promise<void> {
  const stream = keyEvents.of(key_id);
  const appended = newLedgerEvent(stream, event, String(revision));
  const result = await house.ledger.append(stream, revision, [appended]);
  if (!result.ok) throw new Error('conflict');
  revision = result.revision;
}

/** Without anything else that would make the proxy look: it follows by itself. */
const becomes = (answer: unknown) =>
  expect.poll(() => house.use(secret), { timeout: 10_000 }).toBe(answer);

it('a suspended key is refused, and works again when it is resumed', async () => {
  await happens({ type: 'KeySuspended', data: { key_id, reason: null } });
  await becomes('suspended_api_key');
  await happens({ type: 'KeyResumed', data: { key_id } });
  await becomes(200);
});

it('a key expires at the end that an update gives it, and lives with a later one', async () => {
  const expires = (atMs: number) =>
    happens({
      type: 'KeyUpdated',
      data: { key_id, expires_at: new Date(atMs).toISOString() },
    });
  await expires(Date.now() + 300);
  await becomes('expired_api_key');
  await expires(Date.now() + 3_600_000);
  await becomes(200);
});

it('an archived key is refused, and so is each key of an archived team', async () => {
  const stream = teamEvents.of(team_id);
  const archived: TeamArchived = { type: 'TeamArchived', data: { team_id } };
  await house.ledger.append(stream, 'no_stream', [newLedgerEvent(stream, archived, 'archive')]);
  await becomes('team_archived');
  await happens({ type: 'KeyArchived', data: { key_id } });
  await becomes('archived_api_key');
});
