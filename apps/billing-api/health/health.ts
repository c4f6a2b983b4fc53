/** What `/readyz` answers. */
export type Health = {
  /** False takes the process out of a load balancer; it stays alive. */
  ready: boolean;
  /** What was checked, each with `ok` or what is wrong with it. */
  checks: Record<string, string>;
};
