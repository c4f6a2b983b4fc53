/**
 * The end of an answer that is there as a whole and costs nobody anything to ask for: who does not read
 * it would keep it in memory for nothing.
 */
import type { ServerResponse } from 'node:http';
import { ONE_WRITE_BYTES_MAX } from './client-answer.ts';

/**
 * @param stallMs a client that has not taken it by then is gone
 * @param done nothing of it is in memory any more: at once, if the connection took it all
 */
export function endWhole(
  response: Pick<ServerResponse, 'end' | 'destroy' | 'once' | 'writableLength'>,
  body: Buffer,
  stallMs: number,
  done: () => void,
): void {
  // As text of bytes, the body leaves in one write with the head: a system call less.
  if (body.length <= ONE_WRITE_BYTES_MAX) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
  if (response.writableLength === 0) return done();
  const timer = setTimeout(() => response.destroy(), stallMs);
  response.once('close', () => {
    clearTimeout(timer);
    done();
  });
}
