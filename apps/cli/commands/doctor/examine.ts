/** All looks of the doctor, each by itself: one that fails says so, and the others go on. */
import { checkBilling } from './checks/billing.ts';
import { checkConfiguration, checkTransport } from './checks/configuration.ts';
import {
  checkDisk,
  checkNode,
  checkOpenFiles,
  checkPorts,
  checkPrivateFiles,
} from './checks/machine.ts';
import { checkProcesses } from './checks/processes.ts';
import { checkProviders } from './checks/providers.ts';
import { checkJournals, checkTopics } from './checks/stores.ts';
import { type Finding, problem } from './finding.ts';
import type { Check, Sight } from './sight.ts';

const CHECKS: Readonly<Record<string, Check>> = {
  node: checkNode,
  open_files: checkOpenFiles,
  disk: checkDisk,
  ports: checkPorts,
  private_files: checkPrivateFiles,
  configuration: checkConfiguration,
  transport: checkTransport,
  providers: checkProviders,
  topics: checkTopics,
  journals: checkJournals,
  processes: checkProcesses,
  billing: checkBilling,
};

export async function examine(sight: Sight): Promise<Finding[]> {
  const looked = Object.entries(CHECKS).map(async ([name, look]): Promise<Finding[]> => {
    try {
      return await look(sight);
    } catch (error) {
      sight.signal.throwIfAborted();
      const advice = 'Put that right first: it keeps this from being looked at.';
      return [problem(name, (error as Error).message, advice)];
    }
  });
  // The same cause, such as a configuration that cannot be read, is said once.
  const said = new Set<string>();
  return (await Promise.all(looked)).flat().filter(({ status, what }) => {
    if (status === 'ok') return true;
    const isNew = !said.has(what);
    said.add(what);
    return isNew;
  });
}
