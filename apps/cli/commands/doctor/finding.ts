/** What the doctor says of one thing that it looked at. */
export type Finding = {
  /** Stable, for programs: `provider_key`, `disk`, … */
  check: string;
  /** `unknown`: it could not be looked at, and `what` says why. */
  status: 'ok' | 'warning' | 'problem' | 'unknown';
  what: string;
  /** What to do; null where nothing is wrong. */
  advice: string | null;
};

export const ok = (check: string, what: string): Finding => ({
  ...{ check, status: 'ok', what, advice: null },
});
export const warning = (check: string, what: string, advice: string): Finding => ({
  ...{ check, status: 'warning', what, advice },
});
export const problem = (check: string, what: string, advice: string): Finding => ({
  ...{ check, status: 'problem', what, advice },
});
export const unknown = (check: string, what: string): Finding => ({
  ...{ check, status: 'unknown', what, advice: null },
});
