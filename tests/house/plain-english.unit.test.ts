import { describe, expect, it } from 'vitest';
import { checkPlainEnglish } from './plain-english.ts';

function found(text: string, path = 'docs/a.md'): string[] {
  return checkPlainEnglish([{ path, text }], []).map(({ line, message }) => `${line}: ${message}`);
}

describe('plain English', () => {
  it.each([
    ['the row stands there', 'stands'],
    ['where it Stood', 'Stood'],
    ['whoever calls', 'whoever'],
    ['computed anew', 'anew'],
    ['looks oftener', 'oftener'],
    ['the dearest price', 'dearest'],
    ['dear to change', 'dear'],
    ['that mends it', 'mends'],
    ['beside a relay', 'beside'],
    ['the half of which is gone', 'of which'],
    ['after 5 s at the latest', 'at the latest'],
    ['what it is for, and what for', 'what for'],
    ['we reckon with it', 'reckon'],
  ])('stops "%s"', (text, word) => {
    expect(found(text)).toEqual([expect.stringMatching(`^1: "${word}": say `)]);
  });

  it('names the plain word', () => {
    expect(found('whoever')).toEqual([
      '1: "whoever": say the caller, the process that …, anyone who …',
    ]);
  });

  it.each([
    'a stand-in for EventStoreDB',
    'what the status stands for',
    'we understand it',
    'besides',
    'a mandate',
    'the endearing side',
    'is stored again, next to it',
    'two files, each of which is whole',
  ])('lets "%s" pass', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('finds comments, texts and test names of code, and a phrase across two lines', () => {
    const text = [
      '/** Ends after a second, at the',
      ' * latest. */',
      'const a = `the lock of whoever asks`;',
      "it('keeps what stands', () => {});",
    ].join('\n');
    expect(found(text, 'apps/proxy/a.ts').map((finding) => finding.slice(0, 8))).toEqual(
      ['1: "at th', '3: "whoev', '4: "stand'].map((start) => start.slice(0, 8)),
    );
  });

  it('lets a genuine use pass on its line alone, and stops an exception that is not needed', () => {
    const files = [{ path: 'docs/a.md', text: 'Dear Abby\nDear reader' }];
    const abby = { path: 'docs/a.md', line: 'Dear Abby', reason: 'a proper name' };
    const gone = { path: 'docs/a.md', line: 'Dear John', reason: 'a proper name' };
    const findings = checkPlainEnglish(files, [abby, gone]);
    expect(findings.map(({ line, message }) => [line, message.slice(0, 16)])).toEqual([
      [2, '"Dear": say expe'],
      [1, 'the exception fo'],
    ]);
  });
});
