/**
 * Issued invoices in a ledger in memory, the exporter on its real adapter of Stripe, and the fake Stripe
 * over HTTP, all on one simulated clock. A process of the exporter dies by never going on; what is left
 * of it is the ledger and what Stripe has done.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Payments } from '@tollgate/adapters/payments/payments.ts';
import { openStripe } from '@tollgate/adapters/payments/stripe-payments.ts';
import type { InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type {
  ExportDocument,
  ExportPolicy,
  PaidCredits,
} from '@tollgate/domain/payment/payment-events.ts';
import { advanceExport } from '@tollgate/exporter/export-run.ts';
import { ExporterHouse, POLICY } from '@tollgate/exporter/testing/exporter-house.ts';
import {
  type RunningStripe,
  type StartOptions,
  startStripe,
} from '@tollgate/simulator/stripe/start.ts';

export const HOUR_MS = 3_600_000;

export interface Scenario {
  readonly amounts: readonly number[];
  /** How many of the lines, from the last one, are usage of an earlier period. */
  readonly late?: number;
  /** Input tokens of the lines; default: one of each. */
  readonly tokens?: readonly number[];
  readonly document?: ExportDocument;
  readonly currency?: string;
  readonly policy?: Partial<ExportPolicy>;
  /** After the invoice is there: what is credited of it (null: all, as a void), and what comes before. */
  readonly credits?: readonly (number | null)[];
  readonly paid?: boolean;
  readonly paidCredits?: PaidCredits;
  readonly settings?: NonNullable<StartOptions['settings']>;
}

export class StripeHouse {
  readonly stripe: RunningStripe;
  readonly house: ExporterHouse;
  /** Where a process can die: before and after each call of Stripe, and before each append. */
  points = 0;
  /** Requests that are not of the run that is looked at. */
  requestsBefore = 0;
  #deathAt = Number.POSITIVE_INFINITY;
  #died: () => void = () => undefined;

  private constructor(stripe: RunningStripe, house: (payments: Payments) => ExporterHouse) {
    this.stripe = stripe;
    const payments = openStripe({ secretKey: 'sk_test_fake', baseUrl: stripe.url });
    this.house = house(mortal(payments, () => this.#point()));
    this.house.ledger.before = (call) => (call.startsWith('append') ? this.#point() : undefined);
  }

  static async open(scenario: Scenario): Promise<StripeHouse> {
    const { amounts, late = 0, tokens = [], document } = scenario;
    const { currency = 'USD', policy = {}, settings = {} } = scenario;
    let nowMs = () => 0;
    // A slow answer is slow for as long as the test's own turns take.
    const clock = { nowMs: () => nowMs(), sleep: () => sleep(5) };
    const stripe = await startStripe({ clock, settings });
    for (const name of Object.values(policy.meters ?? {})) stripe.meters.create(name, name);
    const opened = new StripeHouse(stripe, (payments) => new ExporterHouse(payments));
    nowMs = () => opened.house.nowMs;
    await opened.house.issue(amounts, {
      policy: { ...POLICY, chunk_lines: 3, ...policy },
      ...{ currency, late, tokens, document },
    });
    if (scenario.credits !== undefined) await opened.#credit(scenario, scenario.credits);
    opened.points = 0;
    return opened;
  }

  async #credit({ amounts, paid, paidCredits }: Scenario, credits: readonly (number | null)[]) {
    const { house, stripe } = this;
    house.paidCredits = paidCredits ?? house.paidCredits;
    const { draft } = await this.run('run_before');
    if (paid) stripe.dashboard.pay(draft ?? '');
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    for (const [index, amount] of credits.entries()) {
      await house.credit(`crn_${index + 1}`, amount, total);
    }
    stripe.faults.clear();
    this.requestsBefore = stripe.requests.length;
  }

  /** A process that works until nothing is left to do. */
  async run(name: string): Promise<InvoiceExport> {
    return this.house.exportAll(this.house.exporter(name));
  }

  /** A process that dies at this point of its life, counted from 1. */
  async runAndDie(name: string, point: number): Promise<void> {
    const { promise: dead, resolve } = Promise.withResolvers<void>();
    this.#deathAt = this.points + point;
    this.#died = resolve;
    const lived = advanceExport(this.house.exporter(name), 'inv_1', NEVER).then(() => {
      throw new Error(`the exporter did not come to point ${point}`);
    });
    await Promise.race([dead, lived]);
    this.#deathAt = Number.POSITIVE_INFINITY;
  }

  close = (): Promise<void> => this.stripe.stop();

  #point(): Promise<void> | undefined {
    this.points += 1;
    if (this.points < this.#deathAt) return undefined;
    this.#died();
    return new Promise(() => undefined);
  }
}

const NEVER = new AbortController().signal;

/** The same port, with a point of death on both sides of each call. */
function mortal(payments: Payments, point: () => Promise<void> | undefined): Payments {
  return new Proxy(payments, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...given: unknown[]): Promise<unknown> => {
        await point();
        try {
          return await (member.apply(target, given) as Promise<unknown>);
        } finally {
          await point();
        }
      };
    },
  });
}
