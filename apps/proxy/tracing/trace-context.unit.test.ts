import { describe, expect, it } from 'vitest';
import { remoteParent, traceParentText } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const parent = `00-${TRACE}-${SPAN}-01`;

describe('the trace of a client', () => {
  it('is read as W3C writes it, with its sampling decision', () => {
    const read = { traceId: TRACE, spanId: SPAN, sampled: true, state: null };
    expect(remoteParent({ traceparent: parent })).toEqual(read);
    expect(remoteParent({ traceparent: `00-${TRACE}-${SPAN}-00` })?.sampled).toBe(false);
    // The other bits are of later levels: here, of a random trace id.
    expect(remoteParent({ traceparent: `00-${TRACE}-${SPAN}-03` })?.sampled).toBe(true);
    expect(remoteParent({ traceparent: `00-${TRACE}-${SPAN}-02` })?.sampled).toBe(false);
    expect(traceParentText(TRACE, SPAN, true)).toBe(parent);
  });

  it('is read of a later version, as far as this one knows it', () => {
    expect(remoteParent({ traceparent: `cc-${TRACE}-${SPAN}-01-what-will-be` })?.spanId).toBe(SPAN);
  });

  it.each([
    ['nothing', undefined],
    ['two headers', `${parent}, ${parent}`],
    ['a list of them', [parent, parent]],
    ['an empty text', ''],
    ['capitals', parent.toUpperCase()],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version that is none', `ff-${TRACE}-${SPAN}-01`],
    ['more than its version has', `${parent}-x`],
    ['a short id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a megabyte', `00-${'a'.repeat(1_000_000)}`],
  ])('is none if the header is %s', (_, traceparent) => {
    expect(remoteParent({ traceparent })).toBeNull();
  });
});

describe('what vendors carry along', () => {
  const state = (tracestate: unknown) =>
    remoteParent({ traceparent: parent, tracestate: tracestate as string })?.state;

  it('goes on word for word', () => {
    expect(state('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')).toBe(
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    );
    expect(state('tenant@vendor=x y , a=b')).toBe('tenant@vendor=x y , a=b');
  });

  it.each([
    ['of another form', 'no equals sign'],
    ['with a key twice', 'a=1,a=2'],
    ['with a key in capitals', 'A=1'],
    ['longer than anybody has to carry', `a=${'x'.repeat(250)},b=${'x'.repeat(250)},c=xxxxxxx`],
    ['of more members than there may be', Array.from({ length: 33 }, (_, i) => `k${i}=1`).join()],
    ['with a line feed in it', 'a=b\nx: y'],
    ['empty', ' , '],
  ])('is left out as a whole if it is %s, and the trace goes on', (_, given) => {
    expect(state(given)).toBeNull();
  });
});
