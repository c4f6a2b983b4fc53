/** A collector of traces for tests: it reads OTLP/HTTP as OpenTelemetry's protocol buffers define it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type CollectedSpan = {
  traceId: string;
  spanId: string;
  /** Empty: none. */
  parentId: string;
  state: string;
  name: string;
  /** 2: server, 3: client. */
  kind: number;
  startMs: number;
  endMs: number;
  /** 0: unset, 2: error. */
  status: number;
  attributes: Record<string, unknown>;
};

export type Collector = {
  url: string;
  spans: CollectedSpan[];
  /** Of who sent, as they last said it. */
  resource: Record<string, unknown>;
  /** All that came, for what must not be in it. */
  text: string;
  headers: Record<string, unknown>[];
  close(): void;
};

/** @param answer the status of each request, and when it is given */
export async function openCollector(
  answer: () => number | Promise<number> = () => 200,
): Promise<Collector> {
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const status = await answer();
    collector.text += body.toString('latin1');
    collector.headers.push({ ...request.headers, url: request.url });
    if (status === 200) takeIn(body, collector);
    response.writeHead(status, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    ...{ spans: [], resource: {}, text: '', headers: [] },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return collector;
}

function takeIn(body: Buffer, collector: Collector): void {
  for (const resourceSpans of messages(body, 1)) {
    for (const resource of messages(resourceSpans, 1)) {
      collector.resource = attributesOf(messages(resource, 1));
    }
    for (const scopeSpans of messages(resourceSpans, 2)) {
      collector.spans.push(...messages(scopeSpans, 2).map(spanOf));
    }
  }
}

function spanOf(span: Buffer): CollectedSpan {
  const at = fieldsOf(span);
  const hex = (field: number) => (at.get(field)?.[0] as Buffer | undefined)?.toString('hex') ?? '';
  const text = (field: number) => String(at.get(field)?.[0] ?? '');
  const ms = (field: number) => Number(at.get(field)?.[0]) / 1e6;
  const [status] = messages(span, 15);
  return {
    ...{ traceId: hex(1), spanId: hex(2), state: text(3), parentId: hex(4), name: text(5) },
    ...{ kind: Number(at.get(6)?.[0]), startMs: ms(7), endMs: ms(8) },
    status: status === undefined ? 0 : Number(fieldsOf(status).get(3)?.[0] ?? 0),
    attributes: attributesOf(messages(span, 9)),
  };
}

function attributesOf(pairs: readonly Buffer[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key] = fieldsOf(pair).get(1) ?? [];
      const value = fieldsOf(messages(pair, 2)[0] ?? Buffer.alloc(0));
      const [text] = value.get(1) ?? [];
      const [flag] = value.get(2) ?? [];
      const [whole] = value.get(3) ?? [];
      const [double] = value.get(4) ?? [];
      if (text !== undefined) return [String(key), String(text)];
      if (flag !== undefined) return [String(key), flag === 1n];
      if (whole !== undefined) return [String(key), Number(whole)];
      return [String(key), doubleOf(double as bigint)];
    }),
  );
}

function doubleOf(bits: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(bits);
  return bytes.readDoubleLE();
}

function messages(bytes: Buffer, field: number): Buffer[] {
  return (fieldsOf(bytes).get(field) ?? []) as Buffer[];
}

/** Fields of a message by number: bytes, or integers of any encoding (protobuf.dev, Encoding). */
function fieldsOf(bytes: Buffer): Map<number, (Buffer | bigint)[]> {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = () => {
    let [value, shift] = [0n, 0n];
    for (;;) {
      const byte = bytes[at++] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
      shift += 7n;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, type] = [tag >> 3, tag & 7];
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    if (type === 0) values.push(varint());
    else if (type === 1) {
      values.push(bytes.readBigUInt64LE(at));
      at += 8;
    } else if (type === 5) {
      values.push(BigInt(bytes.readUInt32LE(at)));
      at += 4;
    } else if (type === 2) {
      const length = Number(varint());
      values.push(bytes.subarray(at, at + length));
      at += length;
    } else throw new Error(`there is no wire type ${type}`);
  }
  return fields;
}
