/** The thread that makes spans of calls that have ended, and sends them: one batch, one answer. */
import { parentPort, workerData } from 'node:worker_threads';
import { OtlpSender, type Sent } from '@tollgate/adapters/tracing/otlp-sender.ts';
import { spansOf } from './call-spans.ts';
import type { SenderSettings, TraceOrder } from './tracing.ts';

const { otlp, providers } = workerData as SenderSettings;
const sender = new OtlpSender(otlp);

parentPort?.on('message', async ({ calls }: TraceOrder) => {
  const sent: Sent = await sender.send(calls.flatMap((call) => spansOf(call, providers)));
  parentPort?.postMessage(sent);
});
