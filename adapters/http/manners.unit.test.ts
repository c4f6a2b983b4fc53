import { describe, expect, it } from 'vitest';
import { hasToken, hostPolicy, lastWords, repeatedHeader, socketFault } from './manners.ts';

describe('the host that a request names', () => {
  const refused = (listensOn: string, names: string[]) => {
    const isOurs = hostPolicy(listensOn, names);
    return [
      ...['localhost', 'LOCALHOST:8788', '127.0.0.1:8788', '[::1]:8788', '10.1.2.3'],
      ...['evil.example:8788', 'gateway.example', '127.0.0.1.evil.example', 'localhost.evil', ''],
    ].filter((host) => !isOurs(host));
  };
  const foreign = ['evil.example:8788', '127.0.0.1.evil.example', 'localhost.evil', ''];

  it('is no name of another site, where only this machine is meant', () => {
    const all = ['evil.example:8788', 'gateway.example', ...foreign.slice(1)];
    for (const local of ['127.0.0.1', '::1', 'localhost']) expect(refused(local, [])).toEqual(all);
  });

  it('may be missing: a load balancer’s check names none, and a browser always does', () => {
    expect(hostPolicy('127.0.0.1', ['gateway.example'])(undefined)).toBe(true);
  });

  it('is one of those that the operator lists, if any are listed', () => {
    for (const listensOn of ['0.0.0.0', '127.0.0.1']) {
      expect(refused(listensOn, ['Gateway.Example'])).toEqual(foreign);
    }
    expect(refused('0.0.0.0', [])).toEqual([]);
  });
});

it('a header that says who asks or what is asked may be there only once', () => {
  expect(repeatedHeader(['Host', 'a', 'Accept', 'b', 'accept', 'c', 'Authorization', 'd'])).toBe(
    undefined,
  );
  for (const name of ['authorization', 'x-api-key', 'host', 'content-type', 'idempotency-key']) {
    expect(repeatedHeader([name.toUpperCase(), '1', 'x', '2', name, '1'])).toBe(name);
  }
});

it('a token that is asked for has to be given as it is', () => {
  expect(['Bearer secret', 'bearer  secret ', undefined].map((h) => hasToken(h, null))).toEqual(
    Array(3).fill(true),
  );
  const given = ['Bearer secret', 'bearer  secret ', 'Bearer secre', 'Basic secret', '', undefined];
  expect(given.map((header) => hasToken(header, 'secret'))).toEqual([
    ...[true, true, false, false, false, false],
  ]);
});

it('a connection on which nothing could be read is told why, as a whole answer', () => {
  const codes = ['HPE_HEADER_OVERFLOW', 'ERR_HTTP_REQUEST_TIMEOUT', 'HPE_INVALID_METHOD'];
  const faults = codes.map((code) => socketFault(Object.assign(new Error('x'), { code })));
  expect(faults).toEqual(['headers_too_large', 'request_timeout', 'malformed_request']);
  const [head, body] = lastWords(408, 'application/json', '{"é":1}').split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(head).toContain('content-length: 8\r\n');
  expect(head).toContain("frame-ancestors 'none'");
  expect(body).toBe('{"é":1}');
});
