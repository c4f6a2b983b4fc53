/** The proxy's own configuration: its command line. What is shared stands in `tollgate.yaml`. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

const proxyArguments = z.strictObject({
  config: z.string().optional(),
  data: z.string().min(1).optional(),
  port: z.coerce.number().int().min(0).max(65_535).optional(),
  host: z.string().min(1).optional(),
});

export type ProxyArguments = z.infer<typeof proxyArguments>;

export const proxyUsage = `Usage: node apps/proxy/main.ts [--config FILE] [--data DIR] [--port N] [--host H]

Runs one proxy instance on a data folder. Several may share a folder and a port.

  --config FILE  tollgate.yaml (default: ./tollgate.yaml if it is there)
  --data DIR     data folder, overrides the file
  --port N       port, overrides the file
  --host H       address to listen on, overrides the file
`;

/** @throws Error that names the argument */
export function parseProxyArguments(argv: readonly string[]): ProxyArguments | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      data: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { help, ...given } = values;
  return help === true ? 'help' : proxyArguments.parse(given);
}
