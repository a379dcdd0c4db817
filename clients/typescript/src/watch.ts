import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Calls } from "./calls.js";
import { Refused } from "./errors.js";
import { told, toldProgress, toldSnapshot, type WatchEvent } from "./events.js";
import { ProgressSchema, TaskService, type Task, type TaskEvent, type WatchTaskResponse } from "./gen/index.js";
import { Reopened } from "./stream.js";

/** How to watch. */
export interface WatchOptions {
  /** Ends the watch: its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the server may be silent before it sends a heartbeat; three missed ones are a dead line. 5000 if not
   * given.
   */
  readonly heartbeatMs?: number | undefined;
}

const HEARTBEAT = 5_000;
const NO_TOKEN = new Uint8Array();
// A server that leaves out events each time it is asked is at fault; asking for ever would hide that.
const GAPS_LIMIT = 5;

/** Tells a task's life after an event: a snapshot, events, progress, and a final snapshot when it is at rest. */
export async function* watchTask(
  calls: Calls,
  name: string,
  after: number,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT;
  const heartbeatInterval = durationFromMs(heartbeatMs);
  const story = new TaskStory(name, BigInt(after));
  let resumeToken = NO_TOKEN;
  const request = () => ({ name, afterSequence: story.position, resumeToken, heartbeatInterval });
  const stream = new Reopened(calls, TaskService.method.watchTask, request, heartbeatMs, options.signal);
  try {
    while (!story.over) {
      const message = await stream.next();
      const news = message ? story.take(message, stream.fresh) : story.end();
      if (story.gap) stream.drop();
      // A token is of the message's position: where not all of it was taken, the number alone goes on.
      if (message) resumeToken = story.position === message.sequence ? Uint8Array.from(message.resumeToken) : NO_TOKEN;
      yield* news;
    }
  } finally {
    stream.drop();
  }
}

/** Where the watch of one task stands: up to which event all was told, and what the task was when last seen. */
class TaskStory {
  over = false;
  /** Events are missing before those of the last message: the connection is to be opened again. */
  gap = false;
  private known: Task | undefined;
  private gaps = 0;

  constructor(
    private readonly name: string,
    public position: bigint,
  ) {}

  /** Returns what a message tells that was not told before. */
  take({ kind }: WatchTaskResponse, fresh: boolean): WatchEvent[] {
    this.gap = false;
    switch (kind.case) {
      case "events":
        return this.events(kind.value.events);
      case "progress":
        return [toldProgress(this.name, Number(this.position), kind.value)];
      case "snapshot":
        return this.snapshot(kind.value, fresh);
      default:
        return [];
    }
  }

  /** Returns what is left to tell when the server ended the stream well: the last snapshot, if that was the end. */
  end(): WatchEvent[] {
    this.gap = false;
    // A task is at rest exactly when end_time is set, also in a state that this client does not know.
    if (!this.known?.endTime || this.known.lastSequence > this.position) return [];
    this.over = true;
    return [toldSnapshot(Number(this.position), this.known, true)];
  }

  private snapshot(value: Task, fresh: boolean): WatchEvent[] {
    const first = this.known === undefined;
    this.known = value;
    if (!fresh && value.endTime) return this.end();
    // That of a later connection is no news: whatever changed meanwhile comes as events.
    return first ? [toldSnapshot(Number(this.position), value, false)] : [];
  }

  private events(values: readonly TaskEvent[]): WatchEvent[] {
    const news: WatchEvent[] = [];
    for (const value of values) {
      if (value.sequence <= this.position) continue;
      if (value.sequence > this.position + 1n) {
        this.missed(value.sequence);
        break;
      }
      this.position = value.sequence;
      this.gaps = 0;
      news.push(told(value));
    }
    return news;
  }

  private missed(sequence: bigint): void {
    this.gap = true;
    if (++this.gaps <= GAPS_LIMIT) return;
    const detail = `${this.name}: the server tells event ${sequence} after ${this.position} each time`;
    throw new Refused({
      code: "INTERNAL",
      reason: "",
      detail,
      metadata: {},
      violations: [],
      retryAfterMs: undefined,
      choices: [],
      allowedStates: [],
    });
  }
}

/** Tells what happens in a project, for ever. Within one message only the last event has that message's own token. */
export async function* watchProject(
  calls: Calls,
  parent: string,
  filter: string,
  token: Uint8Array | undefined,
  options: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT;
  const heartbeatInterval = durationFromMs(heartbeatMs);
  let resumeToken = Uint8Array.from(token ?? NO_TOKEN);
  const request = () => ({ parent, filter, resumeToken, heartbeatInterval });
  const stream = new Reopened(calls, TaskService.method.watchTasks, request, heartbeatMs, options.signal);
  try {
    for (;;) {
      const message = await stream.next();
      if (message === undefined) continue;
      const before = { resumeToken };
      resumeToken = Uint8Array.from(message.resumeToken);
      const token = { resumeToken };
      const { kind } = message;
      if (kind.case === "snapshot") yield toldSnapshot(Number(kind.value.lastSequence), kind.value, false, token);
      if (kind.case === "progress")
        yield toldProgress(kind.value.task, 0, kind.value.progress ?? create(ProgressSchema), token);
      if (kind.case === "events") {
        const { events } = kind.value;
        for (const [index, event] of events.entries()) yield told(event, index === events.length - 1 ? token : before);
      }
    }
  } finally {
    stream.drop();
  }
}
