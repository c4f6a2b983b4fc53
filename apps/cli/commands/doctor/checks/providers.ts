/** Each provider, by a question that costs nothing; and the clock, by what they say the time is. */
import { askedName, configuredProviders, HELP } from '../../providers/commands.ts';
import { askProvider, clockAhead, type ProviderAnswer } from '../../providers/provider-check.ts';
import { type Finding, ok, problem, unknown, warning } from '../finding.ts';
import type { Check, Sight } from '../sight.ts';

/** Budget windows and prices begin by the clock: this much later or earlier is seen on a bill. */
const CLOCK_OFF_MS = 30_000;
const CLOCK_LATE_MS = 2_000;

const CHECKS: Readonly<Record<ProviderAnswer['outcome'], string>> = {
  ...{ works: 'provider', no_list: 'provider', failing: 'provider', slow: 'provider' },
  ...{ key_refused: 'provider_key', unreachable: 'provider_unreachable' },
};

export const checkProviders: Check = async (sight) => {
  const asked = await configuredProviders(sight).catch(() => null);
  if (asked === null) return [unknown('provider', 'a key is not where the configuration says')];
  const answers = await Promise.all(asked.map((provider) => askProvider(provider, sight)));
  const findings = answers.map(providerFinding);
  if (asked.length === 0)
    findings.push(ok('provider', 'none is configured: the simulator is offered'));
  return [...findings, ...(await clockFindings(sight, answers))];
};

function providerFinding(answer: ProviderAnswer): Finding {
  const { outcome, detail, url } = answer;
  const provider = askedName(answer);
  const check = CHECKS[outcome];
  if (outcome === 'works' || outcome === 'no_list') return ok(check, `${provider}: ${detail}`);
  return problem(
    check,
    `${provider}: ${outcome.replace('_', ' ')} at ${url} (${detail})`,
    sentence(HELP[outcome]),
  );
}

const sentence = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

async function clockFindings(sight: Sight, answers: readonly ProviderAnswer[]): Promise<Finding[]> {
  const theirs = answers.flatMap(({ clock_ahead_ms: ms }) => (ms === null ? [] : [ms]));
  const others = theirs.length > 0 ? theirs : await apiAhead(sight);
  if (others.length === 0) return [unknown('clock', 'nobody says what the time is')];
  // If one of them agrees with us, it is another that is wrong.
  const least = others.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a));
  if (Math.abs(least) < CLOCK_LATE_MS) return [ok('clock', 'the clock agrees with that of others')];
  const seconds = Math.round(Math.abs(least) / 1_000);
  const what = `the clock of this machine is ${seconds} s ${least > 0 ? 'behind' : 'ahead of'} that of others`;
  const advice =
    'Switch on time synchronisation (`timedatectl set-ntp true`): windows and prices begin by it.';
  return [
    Math.abs(least) >= CLOCK_OFF_MS
      ? problem('clock', what, advice)
      : warning('clock', what, advice),
  ];
}

/** Where no provider says its time: the machine of the billing API, which may be another one. */
async function apiAhead(sight: Sight): Promise<number[]> {
  const { apiUrl } = await sight.connection();
  const sentMs = sight.clock();
  const answer = await sight.ask(`${apiUrl}/healthz`).catch(() => undefined);
  const ahead = clockAhead(answer?.date ?? null, sentMs, sight.clock());
  return ahead === null ? [] : [ahead];
}
