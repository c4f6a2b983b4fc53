/** The bugs, and for each the test that must go red. `docs/planted.md` lists them for readers. */

import { access } from './access-plants.ts';
import { alarms } from './alarm-plants.ts';
import { billed } from './billed-plants.ts';
import { billing } from './billing-plants.ts';
import { budgets } from './budget-plants.ts';
import { cached } from './cache-plants.ts';
import { commandLine } from './cli-plants.ts';
import { counting } from './counting-plants.ts';
import { dialects } from './dialect-plants.ts';
import { exported } from './export-plants.ts';
import { gemini } from './gemini-plants.ts';
import { guards } from './guard-plants.ts';
import { holds } from './hold-plants.ts';
import { hostility } from './hostility-plants.ts';
import { limits } from './limit-plants.ts';
import { media } from './media-plants.ts';
import { operation } from './operation-plants.ts';
import { payloads } from './payload-plants.ts';
import { at, type Plant } from './plant.ts';
import { providers } from './provider-plants.ts';
import { rates } from './rate-plants.ts';
import { reconciled } from './reconcile-plants.ts';
import { repetitions } from './repetition-plants.ts';
import { routes } from './route-plants.ts';
import { simulated } from './sim-plants.ts';
import { stored } from './stored-plants.ts';
import { payments } from './stripe-plants.ts';
import { translated } from './translation-plants.ts';
import { telling } from './why-plants.ts';

const CALLS_TEST = 'tests/e2e/calls.e2e.test.ts';

const shipping: readonly Plant[] = [
  {
    bug: 'forget records before the log has them',
    edits: at('outbox-read-not-produced', { later: true }),
    test: {
      file: 'apps/proxy/shipper/shipper.int.test.ts',
      name: 'I1: keeps what the log did not take, and ships it once the log does',
    },
  },
  {
    bug: 'take a file that was used again for a journal that ended',
    edits: at('segment-was-not-used-again', { drop: true }),
    test: {
      file: 'adapters/journal/journal-store.prop.test.ts',
      name: 'I1: does not take a segment that was used again while it was read for one that ended',
    },
  },
  {
    bug: 'let the last bytes go before the record is durable',
    edits: at('done-is-held-back', { drop: true }),
    test: {
      file: 'apps/proxy/dialects/openai/stream-answer.prop.test.ts',
      name: 'I9: holds back [DONE] and what follows',
    },
  },
];

const secrets: readonly Plant[] = [
  {
    bug: 'log the Authorization header',
    edits: at('proxy-routes', {
      before: `app.addHook('onResponse', (request, _reply, done) => {
        options.logger.error({ headers: request.headers }, 'answered');
        done();
      });`,
    }),
    test: { file: CALLS_TEST, name: 'I12: no key is in a log line, an answer, a table or a file' },
  },
  {
    bug: 'begin to start before the secrets are known to be there',
    edits: at('secrets-are-checked-first', { drop: true }),
    test: {
      file: 'apps/standalone/preflight.int.test.ts',
      name: 'a secret that is not set',
    },
  },
];

export const plants: readonly Plant[] = [
  ...counting,
  ...dialects,
  ...gemini,
  ...providers,
  ...media,
  ...shipping,
  ...budgets,
  ...translated,
  ...holds,
  ...simulated,
  ...limits,
  ...billing,
  ...billed,
  ...stored,
  ...secrets,
  ...rates,
  ...routes,
  ...alarms,
  ...telling,
  ...access,
  ...guards,
  ...repetitions,
  ...hostility,
  ...operation,
  ...cached,
  ...payloads,
  ...payments,
  ...reconciled,
  ...exported,
  ...commandLine,
];
