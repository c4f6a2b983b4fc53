/** The stores: topics that could lose records, journals that nobody has taken over. */
import { ok, problem, unknown, warning } from '../finding.ts';
import type { Check } from '../sight.ts';

export const checkTopics: Check = async (sight) => {
  const installation = await sight.installation();
  if (installation.config.engines.log === undefined) return [ok('topics', 'the log is embedded')];
  try {
    const faults = await sight.topicFaults(installation);
    if (faults.length === 0) return [ok('topics', 'the topics keep every record')];
    const advice =
      'Run the command that it names; nothing can be billed or proven without the records.';
    return faults.map((fault) => problem('topics', fault, advice));
  } catch (error) {
    return [unknown('topics', `Kafka does not answer: ${(error as Error).message}`)];
  }
};

export const checkJournals: Check = async (sight) => {
  const { data } = await sight.installation();
  const left = sight.journals(data).filter(({ isOwned }) => !isOwned);
  if (left.length === 0) return [ok('journals', 'no journal is left behind')];
  const names = left.map(({ instance }) => instance).join(', ');
  const what = `${left.length} journals of dead proxies hold usage that is not in the log yet: ${names}`;
  if (!sight.isRunning(data)) {
    return [
      warning('journals', what, 'The next start ships them: do not delete the folder before that.'),
    ];
  }
  return [
    problem(
      'journals',
      `${what}; Tollgate runs and has not taken them over`,
      'A take-over takes seconds. If they stay, run/proxy-*.log says why: look for `a take-over failed`.',
    ),
  ];
};
