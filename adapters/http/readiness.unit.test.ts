import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { checkDisk, Fault, healthOf, Progress } from './readiness.ts';

describe('a process is ready', () => {
  it('only if every part of it is, and says of each what is wrong', async () => {
    const health = healthOf(
      {
        good: () => 'ok',
        full: () => {
          throw new Fault('full');
        },
        broken: async () => {
          throw new Error('connect ECONNREFUSED 10.0.0.7:8123, password secret');
        },
        hanging: () => new Promise<string>(() => undefined),
      },
      20,
    );
    expect(await health()).toEqual({
      ready: false,
      checks: {
        ...{ good: 'ok', full: 'full' },
        ...{ broken: 'does not answer', hanging: 'does not answer' },
      },
    });
    expect(await healthOf({ good: () => '7' })()).toEqual({ ready: true, checks: { good: '7' } });
  });

  it('as far as was asked a moment ago, however many ask', async () => {
    let asked = 0;
    const count = () => String(++asked);
    const health = healthOf({ count }, 1_000, 60_000);
    await Promise.all(Array.from({ length: 100 }, health));
    expect(asked).toBe(1);
    const eager = healthOf({ count }, 1_000, 0);
    await eager();
    await eager();
    expect(asked).toBe(3);
  });

  it('while its disk has room', async () => {
    expect(await checkDisk(tmpdir(), 1)).toBe('ok');
    await expect(checkDisk(tmpdir(), Number.MAX_SAFE_INTEGER)).rejects.toThrow(new Fault('full'));
    await expect(checkDisk('/no/such/folder', 1)).rejects.toThrow('ENOENT');
  });
});

describe('a worker that has something to do', () => {
  it('is at fault once it stays where it is for too long, and not before', () => {
    const progress = new Progress(100);
    expect(progress.look(5n, 3n, 0)).toBe('3');
    expect(progress.look(5n, 9n, 99)).toBe('9');
    expect(() => progress.look(5n, 9n, 100)).toThrow('does not advance, 9 records left');
    expect(progress.look(6n, 8n, 101)).toBe('8');
    expect(progress.look(6n, 8n, 200)).toBe('8');
    expect(() => progress.look(6n, 8n, 201)).toThrow(Fault);
  });

  it('is not at fault for the time in which there was nothing to do', () => {
    const progress = new Progress(100);
    expect(progress.look(5n, 0n, 0)).toBe('0');
    expect(progress.look(5n, 4n, 1_000)).toBe('4');
    expect(progress.look(5n, 4n, 1_099)).toBe('4');
    expect(progress.look(9n, 0n, 1_100)).toBe('0');
    expect(progress.look(9n, 0n, 9_000)).toBe('0');
  });
});
