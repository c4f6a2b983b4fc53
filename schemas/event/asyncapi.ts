/** The AsyncAPI 3 document of the log's topics, made from the schemas that their records obey. */
import { z } from 'zod';
import { deadLetter } from './dead-letter.ts';
import { usageEvent } from './usage-event.ts';

type Json = Record<string, unknown>;

/** @param topicPrefix as in `engines.log.kafka.topic_prefix` */
export function asyncApiDocument(topicPrefix: string): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Tollgate usage log',
      version: '1',
      description:
        'Topics that Tollgate writes and anybody may read. Partition = murmur2 of customer_id; ' +
        'records of one customer are in order. Delivered at least once: count an id once.',
    },
    defaultContentType: 'application/json',
    channels: {
      usage: channel(`${topicPrefix}.usage`, 'usageEvent', 'One record per attempt and outcome.'),
      deadLetter: channel(
        `${topicPrefix}.dead_letter`,
        'deadLetter',
        'Records of the usage topic that are not counted, each with its reason.',
      ),
    },
    operations: {
      readUsage: operation('usage', 'Consume the usage log.'),
      readDeadLetters: operation('deadLetter', 'Watch for records that nobody is billed for.'),
    },
    components: {
      messages: {
        usageEvent: { name: 'usageEvent', payload: z.toJSONSchema(usageEvent) },
        deadLetter: { name: 'deadLetter', payload: z.toJSONSchema(deadLetter) },
      },
    },
  };
}

function channel(address: string, message: string, description: string): Json {
  const messages = { [message]: { $ref: `#/components/messages/${message}` } };
  return { address, description, messages, bindings: { kafka: { topic: address } } };
}

function operation(name: string, summary: string): Json {
  return { action: 'receive', channel: { $ref: `#/channels/${name}` }, summary };
}
