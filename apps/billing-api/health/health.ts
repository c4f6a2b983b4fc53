/** What `/readyz` answers. */
export type Health = {
  /** False takes the process out of a load balancer; it stays alive. */
  ready: boolean;
  /** One word per thing that was looked at, `ok` or what is wrong with it. */
  checks: Record<string, string>;
};
