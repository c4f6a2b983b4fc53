/** What a request can be sent to: a method, a path with ids, the parameters, and what is done. */

import type { World } from '../objects/world.ts';
import type { Fields, Parsed } from './params.ts';

export interface Call<F extends Fields = Fields> {
  readonly world: World;
  readonly params: Parsed<F>;
  /** The ids in the path, in order. */
  readonly ids: readonly string[];
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `{}` for an id; also the route's name in faults and in the list of requests. */
  readonly path: string;
  readonly fields: Fields;
  readonly execute: (call: Call) => unknown;
}

export function route<F extends Fields>(
  method: Route['method'],
  path: string,
  fields: F,
  execute: (call: Call<F>) => unknown,
): Route {
  // The parser makes what the fields say, so the call is of the route's own type.
  return { method, path, fields, execute: (call) => execute(call as Call<F>) };
}
