/** `POST /v1/images/generations` and `/v1/images/edits`: pictures, by the token or by the piece. */
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import { readImageUsage } from '@tollgate/domain/usage/media-usage.ts';
import { type ImageRequest, imageRequest } from '@tollgate/schemas/openai/media-requests.ts';
import type {
  Endpoint,
  FactsRead,
  GuardedMembers,
  IncomingCall,
  RequestFacts,
} from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { guardedMembers } from '../guarded-members.ts';
import { billedFields, invalidRequest, memberRange, readJsonBody } from '../json-body.ts';
import { otherModelsOf } from '../other-models.ts';
import { type Form, fieldValue, formTarget, readFormBody, toldOf } from './form-request.ts';
import { MediaCall, type MediaFacts } from './media-call.ts';
import type { MediaKind } from './media-kind.ts';
import { noMedia } from './no-media.ts';
import { askedPicture, pictureTokensMax } from './picture.ts';

const GENERATIONS = 'images.generations';
const EDITS = 'images.edits';

const FIELDS = [
  ...['model', 'prompt', 'n', 'size', 'quality', 'stream', 'partial_images', 'user'],
  ...['input_fidelity', 'response_format', 'output_format', 'background', 'moderation'],
];
const BILLED = billedFields([...FIELDS, 'images', 'image', 'mask', 'models', 'extra_body']);
const SINGLE: ReadonlySet<string> = new Set(FIELDS);

type Own = MediaFacts & { size: string; partial: number };

const shared = {
  usageOf: readImageUsage,
  answerIn: ['data'],
  piecesIn: 'data',
  countsPieces: true,
  outputTokensAt(model: string, { own, answerCount }: RequestFacts) {
    const { size, partial } = own as Own;
    return pictureTokensMax(model, { size, partial, count: answerCount });
  },
};
const generations: MediaKind = {
  ...shared,
  path: '/images/generations',
  ends: new Set(['image_generation.completed']),
};
const edits: MediaKind = {
  ...shared,
  path: '/images/edits',
  ends: new Set(['image_edit.completed']),
};

const guarded: GuardedMembers = {
  ...guardedMembers,
  identifiers: new Set([
    ...guardedMembers.identifiers,
    ...[
      'n',
      'size',
      'quality',
      'style',
      'background',
      'response_format',
      'output_format',
      'moderation',
    ],
    ...['stream', 'partial_images', 'output_compression', 'input_fidelity', 'image_url'],
  ]),
};

const endpoint = { method: 'POST', plainTexts: () => [], guarded, errorBody } as const;

export const imageGenerations: Endpoint = {
  ...endpoint,
  path: '/v1/images/generations',
  name: GENERATIONS,
  read: ({ body }, depthMax) => readJson(GENERATIONS, body, depthMax),
  open: (facts) => new MediaCall(generations, facts),
};

export const imageEdits: Endpoint = {
  ...endpoint,
  path: '/v1/images/edits',
  name: EDITS,
  takes: 'form or json',
  target: (_url, contentType) => formTarget(contentType, true),
  read: readEdit,
  open: (facts) => new MediaCall(edits, facts),
};

function readEdit({ body, target }: IncomingCall, depthMax: number): FactsRead {
  const boundary = target?.boundary;
  if (boundary === undefined) return readJson(EDITS, body, depthMax);
  const read = readFormBody(body, boundary, SINGLE);
  if (!read.ok) return read;
  const { form } = read;
  const parsed = imageRequest.safeParse(
    Object.fromEntries(FIELDS.map((name) => [name, valueIn(form, name)])),
  );
  if (!parsed.success) return invalidRequest(parsed.error);
  const bytes = form.files.reduce((sum, { start, end }) => sum + end - start, 0);
  return factsOf(EDITS, parsed.data, {
    ...{ body, inputTokensMax: body.length, members: [], told: toldOf(form) },
    modelAt: form.parts.find(({ name }) => name === 'model') ?? { start: 0, end: 0 },
    pictures: { count: form.files.length, bytes },
    own: { boundary },
  });
}

const TEXTS: ReadonlySet<string> = new Set(['model', 'prompt', 'size', 'quality', 'user']);

function valueIn({ fields }: Form, name: string): unknown {
  return TEXTS.has(name) ? fields.get(name) : fieldValue(fields.get(name));
}

function readJson(name: string, bytes: Buffer, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax, BILLED);
  if (!read.ok) return read;
  const { body } = read;
  const parsed = imageRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  return factsOf(name, parsed.data, {
    body: body.bytes,
    inputTokensMax: body.tokensMax,
    members: body.scan.members,
    modelAt: memberRange(body, 'model'),
    pictures: picturesIn(parsed.data),
    own: {},
  });
}

/** In the body, or at an address: what they have of tokens is in neither. */
function picturesIn({ images, image, mask }: ImageRequest): { count: number; bytes: number } {
  const all = [...(images ?? []), ...[image, mask].flat()].filter((one) => one != null);
  const bytes = all.reduce<number>((sum, one) => sum + JSON.stringify(one).length, 0);
  return { count: all.length, bytes };
}

type Read = Pick<RequestFacts, 'body' | 'inputTokensMax' | 'members' | 'modelAt' | 'told'> & {
  pictures: { count: number; bytes: number };
  own: MediaFacts;
};

function factsOf(
  endpointName: string,
  request: ImageRequest,
  { pictures, own, modelAt, ...read }: Read,
): FactsRead {
  const count = request.n ?? 1;
  const size = request.size ?? 'auto';
  const ownFacts: Own = { ...own, size, partial: request.partial_images ?? 0 };
  const hasPictures = pictures.count > 0;
  return {
    ok: true,
    facts: {
      ...read,
      endpoint: endpointName,
      model: request.model,
      stream: request.stream === true,
      endUser: request.user ?? null,
      outputTokensMax: null,
      answerCount: count,
      unboundedBy: hasPictures ? 'pictures in the request' : null,
      openParts: hasPictures ? picturesOpen(pictures) : null,
      needs: [],
      otherModels: otherModelsOf(request),
      more: { imagesMax: count },
      measure: { unit: 'image', max: count, picture: askedPicture(request.quality, request.size) },
      modelAt: { start: modelAt.start, end: modelAt.end },
      limitAt: null,
      edits: [],
      own: ownFacts,
    },
  };
}

function picturesOpen(pictures: { count: number; bytes: number }): OpenParts {
  return { media: { ...noMedia(), image: pictures }, stored: false, searches: false };
}
