/** How the deployments of routes do, as this proxy has seen: each has a breaker and a latency. */
import { Breaker, type BreakerLimits } from '@tollgate/domain/routing/breaker.ts';
import { Latency } from '@tollgate/domain/routing/latency.ts';
import type { Deployment } from './deployments.ts';

export type DeploymentHealth = { readonly breaker: Breaker; readonly latency: Latency };

export class RouteHealth {
  readonly #limits: BreakerLimits & { latencyForgetMs: number };
  /** By deployment: no more than routes have named. */
  readonly #known = new Map<string, DeploymentHealth>();

  constructor(limits: BreakerLimits & { latencyForgetMs: number }) {
    this.#limits = limits;
  }

  of({ provider, model }: Deployment): DeploymentHealth {
    const name = `${provider.name}/${model}`;
    let health = this.#known.get(name);
    if (health === undefined) {
      const { latencyForgetMs } = this.#limits;
      health = { breaker: new Breaker(this.#limits), latency: new Latency(latencyForgetMs) };
      this.#known.set(name, health);
    }
    return health;
  }
}
