import { type StreamCategory, streamCategory } from '@tollgate/domain/stream/stream-category.ts';
import { earlierVersion } from '@tollgate/schemas/ledger/earlier-versions.ts';
import { keyPayloads, teamPayloads } from '@tollgate/schemas/ledger/ledger-events.ts';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { anyLedgerEvent, keyEvents, teamEvents } from './categories.ts';
import { currentStoredType, eventCategory, eventParser } from './event-category.ts';

const revoked = { key_id: 'key_1', reason: null };

describe('what a category reads', () => {
  it('is the event of its domain, and nothing else that is stored with it', () => {
    const stored = { stream: 'key-key_1', type: 'KeyRevoked', data: revoked, revision: 3n };
    expect(keyEvents.parse(stored)).toEqual({ type: 'KeyRevoked', data: revoked });
  });

  it('is never an event of another category, in whatever stream it is stored', () => {
    const team = { type: 'TeamArchived', data: { team_id: 'team_1' } };
    expect(() => keyEvents.parse({ stream: 'key-key_1', ...team })).toThrow(
      'unexpected TeamArchived in key-key_1',
    );
    expect(() => teamEvents.parse({ stream: 'key-key_1', ...team })).toThrow(
      'unexpected TeamArchived in key-key_1',
    );
    expect(() => keyEvents.parse({ stream: 'key-1', type: 'toString', data: {} })).toThrow();
  });

  it('is nothing that its schema does not say', () => {
    const read = (data: object) => () =>
      keyEvents.parse({ stream: 'key-key_1', type: 'KeyRevoked', data });
    for (const data of [{ key_id: 'key_1' }, { ...revoked, more: 1 }, { ...revoked, key_id: '' }]) {
      expect(read(data)).toThrow(z.ZodError);
    }
  });
});

describe('a parser of several categories', () => {
  const parser = eventParser([keyEvents, teamEvents]);

  it('reads each of them, and says which streams to subscribe to', () => {
    expect(parser.prefixes).toEqual(['key-', 'team-']);
    const found = [
      { stream: 'key-key_1', type: 'KeyRevoked', data: revoked },
      { stream: 'team-team_1', type: 'TeamArchived', data: { team_id: 'team_1' } },
    ].map((stored) => parser.parse(stored)?.type);
    expect(found).toEqual(['KeyRevoked', 'TeamArchived']);
  });

  it('leaves out a type that none of them has, and refuses one in the wrong stream', () => {
    expect(parser.parse({ stream: 'key-key_1', type: 'KeyPainted', data: {} })).toBeNull();
    expect(() => parser.parse({ stream: 'team-1', type: 'KeyRevoked', data: revoked })).toThrow(
      'unexpected KeyRevoked in team-1',
    );
  });

  it('of the whole ledger knows every payload that has a schema', () => {
    const stored = { stream: 'fence-0.3', type: 'FenceTaken', data: { owner: 'p1' } };
    expect(anyLedgerEvent.parse(stored)).toEqual({ type: 'FenceTaken', data: { owner: 'p1' } });
    expect(new Set(anyLedgerEvent.prefixes).size).toBe(27);
    for (const payloads of [keyPayloads, teamPayloads]) {
      for (const type of Object.keys(payloads)) {
        expect(() => anyLedgerEvent.parse({ stream: 'none-1', type, data: {} })).toThrow();
      }
    }
  });
});

/** A lamp that had watts, then lumens with a colour, and now lumens and a colour of its own type. */
describe('an event that has earlier versions', () => {
  type LampLit = { type: 'LampLit'; data: { lumens: number; colour: string } };
  type LampEvent = LampLit | { type: 'LampOut'; data: { reason: string } };
  const lampStreams: StreamCategory = streamCategory('lamp');
  const earlier = {
    LampLit: [
      earlierVersion(z.strictObject({ watts: z.int() }), ({ watts }) => ({ lumens: watts * 15 })),
      earlierVersion(z.strictObject({ lumens: z.int() }), (data) => ({ ...data, colour: 'white' })),
    ],
  };
  const lamps = eventCategory<LampEvent>(
    lampStreams,
    {
      LampLit: z.strictObject({ lumens: z.int(), colour: z.string().min(1) }),
      LampOut: z.strictObject({ reason: z.string() }),
    },
    earlier,
  );
  const read = (type: string, data: object) => lamps.parse({ stream: 'lamp-1', type, data });

  it('is read as today’s event, whichever version was appended', () => {
    const lit = { type: 'LampLit', data: { lumens: 900, colour: 'white' } };
    expect(read('LampLit', { watts: 60 })).toEqual(lit);
    expect(read('LampLit.2', { lumens: 900 })).toEqual(lit);
    expect(read('LampLit.3', { lumens: 900, colour: 'white' })).toEqual(lit);
    expect(read('LampOut', { reason: 'day' })).toEqual({
      type: 'LampOut',
      data: { reason: 'day' },
    });
  });

  it('is held to the schema that was in force when it was appended, and to today’s', () => {
    expect(() => read('LampLit', { lumens: 900 })).toThrow(z.ZodError);
    expect(() => read('LampLit.2', { lumens: 900, colour: 'red' })).toThrow(z.ZodError);
    expect(() => read('LampLit', { watts: 0.5 })).toThrow(z.ZodError);
    expect(() => read('LampLit.4', {})).toThrow('unexpected LampLit.4 in lamp-1');
    const unfinished = eventCategory<LampEvent>(
      lampStreams,
      {
        LampLit: z.strictObject({ lumens: z.int(), colour: z.string().min(1) }),
        LampOut: z.strictObject({ reason: z.string() }),
      },
      { LampLit: [earlierVersion(z.strictObject({ watts: z.int() }), () => ({ lumens: 1 }))] },
    );
    const stored = { stream: 'lamp-1', type: 'LampLit', data: { watts: 60 } };
    expect(() => unfinished.parse(stored)).toThrow(z.ZodError);
  });

  it('is appended in its current version, others under their own name', () => {
    expect(currentStoredType('LampLit', earlier)).toBe('LampLit.3');
    expect(currentStoredType('LampOut', earlier)).toBe('LampOut');
    expect([...lamps.storedTypes]).toEqual(['LampLit', 'LampLit.2', 'LampLit.3', 'LampOut']);
  });
});
