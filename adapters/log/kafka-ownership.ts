/**
 * Ownership of partitions through a Kafka consumer group. The coordinator knows which members are
 * alive and calls for a rebalance; one member, the leader, distributes the partitions.
 *
 * The group `<topic>.<group>.members` commits nothing (the log's commits belong to a group without
 * members). We speak the protocol ourselves: kafkajs ties membership to its fetch loop, and the log
 * reads by offset. Sources: Kafka's protocol guide (JoinGroup, SyncGroup, Heartbeat, LeaveGroup).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { Kafka } from 'kafkajs';
import { type GroupCoordinator, KafkaCluster } from './kafka-cluster.ts';
import { type KafkaLimits, kafkaLimits } from './kafka-limits.ts';
import { type KafkaLogOptions, kafkaConfig } from './kafka-log.ts';
import type { Assignment, Ownership } from './ownership.ts';
import { assignSticky, type Member } from './sticky-assignment.ts';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;
const PROTOCOL = 'tollgate-sticky';
const NOTHING: Assignment = { generation: -1, partitions: [] };

export type KafkaOwnershipOptions = Omit<KafkaLogOptions, 'ordinal' | 'replicationFactor'> & {
  group: string;
};

/** Joins in the background. `current` has no partitions until the first distribution. */
export function openKafkaOwnership(options: KafkaOwnershipOptions): Ownership {
  const limits = { ...kafkaLimits, ...options.limits };
  const config = kafkaConfig(options, limits);
  const { topic, partitions, group, logger } = options;
  const cluster = new KafkaCluster({
    kafka: new Kafka(config),
    config,
    topic,
    partitions,
    limits,
  });
  const member = new GroupMember({
    cluster,
    groupId: `${topic}.${group}.members`,
    topic,
    partitions,
    limits,
    onWarning: (err, message) => logger?.warn({ err, topic }, message),
  });
  member.start();
  return {
    current: () => member.current,
    renew: (generation) => member.renew(generation),
    close: () => member.close(),
  };
}

type GroupMemberOptions = {
  cluster: KafkaCluster;
  groupId: string;
  topic: string;
  partitions: number;
  limits: KafkaLimits;
  onWarning: (error: unknown, message: string) => void;
};

class GroupMember {
  current: Assignment = NOTHING;
  readonly #options: GroupMemberOptions;
  #memberId = '';
  #joined = false;
  #renewing = false;
  #closing = false;
  #done: Promise<void> = Promise.resolve();
  #wake = new AbortController();

  constructor(options: GroupMemberOptions) {
    this.#options = options;
  }

  start(): void {
    this.#done = this.#run();
  }

  renew(generation: number): void {
    if (this.current.generation > generation) return;
    this.#joined = false;
    this.#renewing = true;
    this.#wake.abort();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.current = NOTHING;
    this.#wake.abort();
    await this.#done;
    const memberId = this.#memberId;
    const { cluster, groupId, onWarning } = this.#options;
    if (memberId !== '') {
      await cluster
        .withCoordinator(groupId, (coordinator) => coordinator.leaveGroup({ groupId, memberId }))
        // The coordinator removes it when its session ends, a little later.
        .catch((error) => onWarning(error, 'leaving the group failed'));
    }
    await cluster.close();
  }

  async #run(): Promise<void> {
    const { cluster, groupId, limits, onWarning } = this.#options;
    while (!this.#closing) {
      try {
        await cluster.withCoordinator(groupId, (coordinator) =>
          this.#joined ? this.#beat(coordinator) : this.#join(coordinator),
        );
        if (this.#joined) await this.#pause(limits.groupHeartbeatMs);
      } catch (error) {
        this.#onError(error);
        onWarning(error, 'the group of projectors rebalances');
        await this.#pause(limits.retryPauseMs.first);
      }
    }
  }

  #onError(error: unknown): void {
    const { type } = error as { type?: string };
    this.#joined = false;
    // A member came or went: our partitions remain ours until the rebalance is done.
    if (type === 'REBALANCE_IN_PROGRESS') return;
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION') {
      this.#memberId = '';
      this.current = { ...this.current, partitions: [] };
    }
  }

  async #beat(coordinator: GroupCoordinator): Promise<void> {
    const { groupId } = this.#options;
    await coordinator.heartbeat({
      groupId,
      memberId: this.#memberId,
      groupGenerationId: this.current.generation,
    });
  }

  async #join(coordinator: GroupCoordinator): Promise<void> {
    const { groupId, topic, limits } = this.#options;
    await this.#leaveIfRenewing(coordinator);
    const userData = Buffer.from(JSON.stringify(this.current.partitions));
    const metadata = MemberMetadata.encode({ version: 1, topics: [topic], userData });
    const { generationId, memberId, leaderId, members } = await coordinator.joinGroup({
      groupId,
      memberId: this.#memberId,
      sessionTimeout: limits.groupSessionMs,
      rebalanceTimeout: limits.groupRebalanceMs,
      groupProtocols: [{ name: PROTOCOL, metadata }],
    });
    this.#memberId = memberId;
    const groupAssignment = memberId === leaderId ? this.#distribute(members) : [];
    const { memberAssignment } = await coordinator.syncGroup({
      groupId,
      generationId,
      memberId,
      groupAssignment,
    });
    const partitions = MemberAssignment.decode(memberAssignment)?.assignment[topic] ?? [];
    if (this.#closing) return;
    this.current = { generation: generationId, partitions };
    this.#joined = true;
  }

  /**
   * A member that merely joins again gets what it has; only a member that leaves causes a new
   * distribution.
   */
  async #leaveIfRenewing(coordinator: GroupCoordinator): Promise<void> {
    if (!this.#renewing) return;
    const { groupId } = this.#options;
    const memberId = this.#memberId;
    this.#renewing = false;
    this.#memberId = '';
    if (memberId !== '') await coordinator.leaveGroup({ groupId, memberId });
  }

  #distribute(members: readonly { memberId: string; memberMetadata: Buffer }[]) {
    const { topic, partitions } = this.#options;
    const all = members.map(({ memberId, memberMetadata }): Member => {
      const text = MemberMetadata.decode(memberMetadata)?.userData.toString() ?? '[]';
      return { id: memberId, owned: JSON.parse(text) as number[] };
    });
    return [...assignSticky(all, partitions)].map(([memberId, own]) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({
        version: 1,
        assignment: { [topic]: own },
        userData: Buffer.alloc(0),
      }),
    }));
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    if (this.#wake.signal.aborted && !this.#closing) this.#wake = new AbortController();
  }
}
