/** Translates between the stand-in's store and the protocol buffers of the official client. */
import sharedPb from '@eventstore/db-client/generated/shared_pb.js';
import type {
  ReadReq,
  ReadResp as ReadRespType,
} from '@eventstore/db-client/generated/streams_pb.js';
import streamsPb from '@eventstore/db-client/generated/streams_pb.js';
import type { Stored } from './event-store.ts';

const { ReadResp } = streamsPb;

type Identifier = { getStreamName_asU8(): Uint8Array } | undefined;
type Message = {
  getId(): { getString(): string } | undefined;
  getMetadataMap(): { forEach(take: (value: string, key: string) => void): void };
  getData_asB64(): string;
};

export function streamName(identifier: Identifier): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

export function proposed(message: Message) {
  const metadata: Record<string, string> = {};
  message.getMetadataMap().forEach((value, key) => {
    metadata[key] = value;
  });
  const id = message.getId()?.getString() ?? '';
  return { id, metadata, data: message.getData_asB64() };
}

export function streamIdentifier(name: string) {
  const identifier = new sharedPb.StreamIdentifier();
  identifier.setStreamName(Buffer.from(name, 'utf8').toString('base64'));
  return identifier;
}

export function eventMessage(event: Stored): ReadRespType {
  const record = new ReadResp.ReadEvent.RecordedEvent();
  const id = new sharedPb.UUID();
  id.setString(event.id);
  record.setId(id);
  record.setStreamIdentifier(streamIdentifier(event.stream));
  record.setStreamRevision(String(event.revision));
  record.setCommitPosition(String(event.position));
  record.setPreparePosition(String(event.position));
  const metadata = record.getMetadataMap();
  for (const [key, value] of Object.entries(event.metadata)) metadata.set(key, value);
  metadata.set('created', event.created);
  record.setData(event.data);
  const read = new ReadResp.ReadEvent();
  read.setEvent(record);
  read.setCommitPosition(String(event.position));
  const response = new ReadResp();
  response.setEvent(read);
  return response;
}

export function notFoundMessage(stream: string): ReadRespType {
  const notFound = new ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(streamIdentifier(stream));
  const response = new ReadResp();
  response.setStreamNotFound(notFound);
  return response;
}

export function confirmationMessage(subscriptionId: string): ReadRespType {
  const confirmation = new ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(subscriptionId);
  const response = new ReadResp();
  response.setConfirmation(confirmation);
  return response;
}

export function checkpointMessage(position: bigint): ReadRespType {
  const checkpoint = new ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  const response = new ReadResp();
  response.setCheckpoint(checkpoint);
  return response;
}

export function caughtUpMessage(): ReadRespType {
  const response = new ReadResp();
  response.setCaughtUp(new ReadResp.CaughtUp());
  return response;
}

export function fellBehindMessage(): ReadRespType {
  const response = new ReadResp();
  response.setFellBehind(new ReadResp.FellBehind());
  return response;
}

/** Which events a read or a subscription wants. */
export function filterOf(options: ReadReq.Options): (event: Stored) => boolean {
  const filter = options.getFilter();
  if (filter === undefined) return () => true;
  const ofType = filter.hasEventType();
  const expression = ofType ? filter.getEventType() : filter.getStreamIdentifier();
  const prefixes = expression?.getPrefixList() ?? [];
  const regex = expression?.getRegex() ?? '';
  const matches =
    regex === ''
      ? (text: string) => prefixes.some((prefix) => text.startsWith(prefix))
      : (text: string) => new RegExp(regex).test(text);
  return ({ stream, metadata }) => matches(ofType ? (metadata['type'] ?? '') : stream);
}
