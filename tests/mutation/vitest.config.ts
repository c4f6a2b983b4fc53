/** The tests as ever, in one worker that stays, with this tool's runner. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { UserWorkspaceConfig } from 'vitest/config';
import base from '../../vitest.config.ts';
import { SOURCES_VARIABLE, type Sources } from './plan.ts';

const { projects = [], reporters: _, ...test } = base.test ?? {};
/** The modules are imported again by the runner: a process for each time would cost a second. */
const staying = {
  ...{ isolate: false, maxWorkers: 1, fsModuleCache: false },
  // Mutants are put into what vite loads.
  experimental: { viteModuleRunner: true },
};
const runner = fileURLToPath(new URL('./runner.ts', import.meta.url));

const sources = JSON.parse(readFileSync(process.env[SOURCES_VARIABLE] ?? '', 'utf8')) as Sources;

export default {
  ...base,
  plugins: [
    {
      name: 'tollgate-mutants',
      enforce: 'pre' as const,
      transform: (_code: string, id: string) => sources[id] ?? null,
    },
  ],
  root: fileURLToPath(new URL('../../', import.meta.url)),
  test: {
    ...test,
    ...staying,
    reporters: [{}],
    projects: (projects as UserWorkspaceConfig[]).map((project) => ({
      ...project,
      test: { ...project.test, ...staying, runner },
    })),
  },
};
