/** Options that every command takes, before or after its name. */
import type { Option } from './command.ts';

export const sharedOptions = {
  json: { type: 'boolean', help: 'one JSON object a line, for programs' },
  profile: {
    type: 'string',
    value: 'NAME',
    help: 'which installation (default: TOLLGATE_PROFILE, or the default profile)',
  },
  'api-url': { type: 'string', value: 'URL', help: 'the billing API, in the place of the profile' },
  'token-file': {
    type: 'string',
    value: 'FILE',
    help: 'holds the admin token, in the place of the profile',
  },
  'time-zone': {
    type: 'string',
    value: 'ZONE',
    help: "IANA name, of times that are typed and shown (default: the profile's, or this machine's)",
  },
  config: {
    type: 'string',
    value: 'FILE',
    help: 'configuration of an installation on this machine (default: ./tollgate.yaml if it exists)',
  },
  data: {
    type: 'string',
    value: 'DIR',
    help: 'data folder (default: that of tollgate.yaml, or .tollgate)',
  },
} as const satisfies Record<string, Option>;
