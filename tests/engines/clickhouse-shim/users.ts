/**
 * Users, passwords, and whether a user may write: the part of a server's access rights that tests
 * need.
 */
import type { IncomingMessage } from 'node:http';
import { EngineError } from './engine.ts';

export type ShimUser = { name: string; password: string; access: 'read' | 'write' };

/** Statements that change nothing, by their first word. */
const READS = /^[\s(]*(SELECT|WITH|EXPLAIN|SHOW|DESCRIBE|DESC|EXISTS)\b/i;

/** @throws EngineError like a server: the same words for a wrong name and a wrong password */
export function authenticate(users: readonly ShimUser[], request: IncomingMessage): ShimUser {
  const { name, password } = credentialsOf(request);
  const user = users.find((u) => u.name === name && u.password === password);
  if (user !== undefined) return user;
  throw new EngineError(
    516,
    `${name}: Authentication failed: password is incorrect, or there is no user with such name. ` +
      '(AUTHENTICATION_FAILED)',
  );
}

/** @throws EngineError */
export function authorize(user: ShimUser, sql: string): void {
  if (user.access === 'write' || READS.test(sql)) return;
  throw new EngineError(497, `${user.name}: Not enough privileges. (ACCESS_DENIED)`);
}

function credentialsOf(request: IncomingMessage): { name: string; password: string } {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString();
    const at = text.indexOf(':');
    return { name: text.slice(0, at), password: text.slice(at + 1) };
  }
  const header = (name: string) => request.headers[name]?.toString();
  return {
    name: header('x-clickhouse-user') ?? 'default',
    password: header('x-clickhouse-key') ?? '',
  };
}
