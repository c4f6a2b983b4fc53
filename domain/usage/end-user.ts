/**
 * Who a call's end user is, of all that names one: the header `x-tollgate-end-user` counts before
 * `safety_identifier`, and that before `user`, since a client that sets the header knows of this gateway.
 * Events, rate limits and budgets of end users all go by it.
 */

/** @param places in that order; empty text names nobody */
export function endUserOf(...places: readonly (string | null | undefined)[]): string | null {
  for (const name of places) if (name !== null && name !== undefined && name !== '') return name;
  return null;
}
