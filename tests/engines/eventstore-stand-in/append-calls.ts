/** The stand-in's two ways to append: one call per append, and one stream for many. */
import codePb from '@eventstore/db-client/generated/code_pb.js';
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import type {
  AppendReq,
  AppendResp as AppendRespType,
  BatchAppendReq,
  BatchAppendResp as BatchAppendRespType,
} from '@eventstore/db-client/generated/streams_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Decision, EventStore, Expected, Proposed } from './event-store.ts';
import type { Faults } from './faults.ts';
import { proposed, streamIdentifier, streamName } from './messages.ts';

/** The server's default MaxAppendSize. */
const APPEND_BYTES_MAX = 1024 * 1024;

/** The client notices a broken connection, the stand-in ignores it. */
const ignore = () => undefined;

type ExpectedOptions = {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
};

export function serveAppend(store: EventStore, faults: Faults) {
  return (
    call: ServerReadableStream<AppendReq, AppendRespType>,
    answer: sendUnaryData<AppendRespType>,
  ): void => {
    faults.calls.append++;
    const events: Proposed[] = [];
    let options: AppendReq.Options | undefined;
    call.on('data', (request: AppendReq) => {
      options = request.getOptions() ?? options;
      const message = request.getProposedMessage();
      if (message !== undefined) events.push(proposed(message));
    });
    call.on('error', ignore);
    call.on('end', () => {
      if (options === undefined || call.cancelled) return;
      const revision = options.hasRevision() ? BigInt(options.getRevision()) : null;
      const expected = expectedOf(options, revision);
      const stream = streamName(options.getStreamIdentifier());
      if (sizeOf(events) > APPEND_BYTES_MAX) return answer(tooLarge());
      appendWith(faults, () => store.append(stream, expected, events)).then((decision) => {
        if (decision !== null) answer(null, unaryAnswer(decision, expected));
      }, answer);
    });
  };
}

export function serveBatchAppend(store: EventStore, faults: Faults) {
  return (call: ServerDuplexStream<BatchAppendReq, BatchAppendRespType>): void => {
    const open = new Map<string, { options: BatchAppendReq.Options; events: Proposed[] }>();
    call.on('error', ignore);
    call.on('end', () => call.end());
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()?.getString() ?? '';
      const options = request.getOptions() ?? open.get(id)?.options;
      if (options === undefined) return;
      const append = open.get(id) ?? { options, events: [] };
      open.set(id, append);
      append.events.push(...request.getProposedMessagesList().map(proposed));
      if (!request.getIsFinal()) return;
      faults.calls.batchAppend++;
      open.delete(id);
      const revision = options.hasStreamPosition() ? BigInt(options.getStreamPosition()) : null;
      const expected = expectedOf(options, revision);
      const stream = streamName(options.getStreamIdentifier());
      appendWith(faults, () => store.append(stream, expected, append.events)).then((decision) => {
        if (decision !== null) call.write(batchAnswer(request, stream, decision, expected));
      }, call.destroy.bind(call));
    });
  };
}

/** @returns null if the answer is to be lost */
async function appendWith(
  faults: Faults,
  append: () => Promise<Decision>,
): Promise<Decision | null> {
  await faults.released();
  const isLost = faults.losesThis();
  const decision = await append();
  return isLost ? null : decision;
}

function expectedOf(options: ExpectedOptions, revision: bigint | null): Expected {
  if (revision !== null) return revision;
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : 'any';
}

function sizeOf(events: readonly Proposed[]): number {
  return events.reduce((sum, { data }) => sum + Buffer.byteLength(data, 'base64'), 0);
}

function tooLarge(): Partial<ServiceError> {
  const metadata = new Metadata();
  metadata.set('exception', 'maximum-append-size-exceeded');
  metadata.set('maximum-append-size', String(APPEND_BYTES_MAX));
  return { code: status.INVALID_ARGUMENT, details: 'too large', metadata };
}

function unaryAnswer(decision: Decision, expected: Expected): AppendRespType {
  const { AppendResp } = streamsPb;
  const response = new AppendResp();
  if (decision.kind === 'done') {
    const position = new AppendResp.Position();
    position.setCommitPosition(String(decision.position));
    position.setPreparePosition(String(decision.position));
    const success = new AppendResp.Success();
    success.setCurrentRevision(String(decision.revision));
    success.setPosition(position);
    response.setSuccess(success);
    return response;
  }
  const conflict = new AppendResp.WrongExpectedVersion();
  const { current } = decision;
  if (current === 'no_stream') conflict.setCurrentNoStream(new sharedPb.Empty());
  else conflict.setCurrentRevision(String(current));
  if (expected === 'no_stream') conflict.setExpectedNoStream(new sharedPb.Empty());
  else if (expected === 'stream_exists') conflict.setExpectedStreamExists(new sharedPb.Empty());
  else if (expected !== 'any') conflict.setExpectedRevision(String(expected));
  response.setWrongExpectedVersion(conflict);
  return response;
}

function batchAnswer(
  request: BatchAppendReq,
  stream: string,
  decision: Decision,
  expected: Expected,
): BatchAppendRespType {
  const { BatchAppendResp } = streamsPb;
  const response = new BatchAppendResp();
  response.setCorrelationId(request.getCorrelationId());
  response.setStreamIdentifier(streamIdentifier(stream));
  if (decision.kind === 'conflict') {
    response.setError(conflictStatus(decision.current, expected));
    return response;
  }
  const position = new sharedPb.AllStreamPosition();
  position.setCommitPosition(String(decision.position));
  position.setPreparePosition(String(decision.position));
  const success = new BatchAppendResp.Success();
  success.setCurrentRevision(String(decision.revision));
  success.setPosition(position);
  response.setSuccess(success);
  return response;
}

function conflictStatus(current: bigint | 'no_stream', expected: Expected) {
  const conflict = new sharedPb.WrongExpectedVersion();
  if (current === 'no_stream') conflict.setCurrentNoStream(new emptyPb.Empty());
  else conflict.setCurrentStreamRevision(String(current));
  if (expected === 'no_stream') conflict.setExpectedNoStream(new emptyPb.Empty());
  else if (expected === 'stream_exists') conflict.setExpectedStreamExists(new emptyPb.Empty());
  else if (expected === 'any') conflict.setExpectedAny(new emptyPb.Empty());
  else conflict.setExpectedStreamPosition(String(expected));
  const details = new anyPb.Any();
  details.pack(conflict.serializeBinary(), 'event_store.client.WrongExpectedVersion');
  const error = new statusPb.Status();
  error.setCode(codePb.Code.ALREADY_EXISTS);
  error.setMessage('Wrong expected version.');
  error.setDetails(details);
  return error;
}
