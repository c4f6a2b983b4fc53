/** /v1/links: links that open one file each, for those who have no token. */
import { installationEvents } from '@tollgate/adapters/ledger/categories.ts';
import { evolveInstallation } from '@tollgate/domain/installation/installation.ts';
import { INSTALLATION_ID } from '@tollgate/domain/installation/installation-events.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import { linkRequest, linkRotationView, linkView } from '@tollgate/schemas/http/links.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { LINK_PARAMETER, RESUME_PARAMETER } from '../../links/links.ts';

export const createLink = defineRoute({
  operationId: 'createLink',
  method: 'POST',
  path: '/v1/links',
  tag: 'Downloads',
  summary: 'Sign a link to a file, which opens it without a token until it expires',
  description:
    'Nothing is stored. Anybody who has the link may fetch that file; all links are revoked together, ' +
    'by `POST /v1/links/rotations`.',
  body: linkRequest,
  status: 201,
  response: linkView,
  errors: [],
  async handler({ body, timeMs }, { links, downloadPaths, limits }) {
    const { path, query } = body;
    const seconds = body.expires_in_seconds ?? limits.linkSecondsDefault;
    const errors = [
      ...(downloadPaths.some((known) => isAt(known, path))
        ? []
        : [{ path: 'body.path', message: 'not the path of a file of this API; see /docs' }]),
      ...[LINK_PARAMETER, RESUME_PARAMETER].flatMap((name) =>
        name in query ? [{ path: `body.query.${name}`, message: 'is set by others' }] : [],
      ),
      ...(seconds > limits.linkSecondsMax
        ? [{ path: 'body.expires_in_seconds', message: `at most ${limits.linkSecondsMax}` }]
        : []),
    ];
    if (errors.length > 0) throw new ApiProblem('invalid_request', { errors });
    const expiresAtMs = Math.ceil(timeMs / 1000 + seconds) * 1000;
    const url = links.sign({ path, query }, expiresAtMs);
    return { object: 'link' as const, url, expires_at: formatInstant(expiresAtMs) };
  },
});

/** @param known with parameters in braces */
function isAt(known: string, path: string): boolean {
  const [parts, given] = [known.split('/'), path.split('/')];
  return (
    parts.length === given.length &&
    parts.every((part, index) => part.startsWith('{') || part === given[index])
  );
}

export const rotateLinks = defineRoute({
  operationId: 'rotateLinks',
  method: 'POST',
  path: '/v1/links/rotations',
  tag: 'Downloads',
  summary: 'Revoke all signed links: those that are made from now on have another key',
  status: 201,
  response: linkRotationView,
  errors: ['concurrent_change'],
  async handler({ commandId }, context) {
    const { state } = await carryOut(context, {
      category: installationEvents,
      id: INSTALLATION_ID,
      commandId,
      evolve: evolveInstallation,
      decide: (state) => ({
        type: 'InstallationUpdated',
        data: { links_generation: (state?.links_generation ?? 0) + 1 },
      }),
    });
    return { object: 'link_rotation' as const, generation: state?.links_generation ?? 0 };
  },
});
