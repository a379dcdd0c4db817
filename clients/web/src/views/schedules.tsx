/** The schedules of a project: what each asks for, when next, and what came of it last. */
import type { Schedule } from "@wharfinger/client/web";
import { useState } from "preact/hooks";
import { date } from "../dates.js";
import { Question, Title, Trouble, When } from "../parts.js";
import { go, link } from "../route.js";
import { useAnswer, useSession } from "../session.js";
import { count, lastPart, messageOf, projectOf, visible } from "../text.js";

export function Schedules({ project }: { project: string }) {
  const session = useSession();
  const [trouble, setTrouble] = useState("");
  const [asked, again] = useAnswer(async (signal) => {
    const found: Schedule[] = [];
    for await (const schedule of session.client(project).schedules({ signal })) found.push(schedule);
    return found;
  }, [project]);
  const act = (change: () => Promise<unknown>) => {
    setTrouble("");
    change().then(again, (error: unknown) => {
      session.tell(error);
      setTrouble(messageOf(error));
    });
  };
  return (
    <>
      <Title document={`Schedules of ${project}`}>Schedules</Title>
      {trouble && <Trouble why={trouble} />}
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {asked.state === "asked" && <p role="status">asking …</p>}
      {asked.state === "told" && asked.value.length === 0 && (
        <p class="empty">
          This project has none: <code>wharfinger schedule create NAME --every 1h SCRIPT key=value</code>
        </p>
      )}
      {asked.state === "told" && asked.value.map((one) => <One key={one.name} schedule={one} project={project} act={act} />)}
    </>
  );
}

function One({ schedule, project, act }: { schedule: Schedule; project: string; act: (change: () => Promise<unknown>) => void }) {
  const session = useSession();
  const [client, may] = [session.client(project), session.mayAct(project)];
  const [sure, ask] = useState(false);
  const name = lastPart(schedule.name);
  const last = schedule.lastFiring;
  return (
    <section aria-label={name} class="card">
      <h2>
        {visible(name)} <span class="none">{visible(schedule.task?.script ?? "")}</span>
      </h2>
      <p>
        {visible(timing(schedule))}.{" "}
        {schedule.paused ? (
          <strong>Paused: it does not fire.</strong>
        ) : (
          <>
            Next: <When at={date(schedule.nextTime)} />
          </>
        )}
      </p>
      <p>
        {count(Number(schedule.firedCount), "task")} made, {Number(schedule.skippedCount)} left out.{" "}
        {last && (
          <>
            Last: <When at={date(last.instantTime)} />, {<Outcome schedule={schedule} />}
          </>
        )}
      </p>
      {may && (
        <div class="buttons">
          <button type="button" onClick={() => act(async () => go(link([project, "tasks", lastPart((await client.runSchedule(name)).name)])))}>
            Run now
          </button>
          {schedule.paused ? (
            <button type="button" class="quiet" onClick={() => act(() => client.resumeSchedule(name))}>
              Resume
            </button>
          ) : (
            <button type="button" class="quiet" onClick={() => act(() => client.pauseSchedule(name))}>
              Pause
            </button>
          )}
          <button type="button" class="quiet" onClick={() => ask(true)}>
            Delete
          </button>
        </div>
      )}
      {sure && (
        <Question title={`Delete the schedule ${name}?`} onClose={() => ask(false)}>
          <p>It fires no more. The tasks that it made stay.</p>
          <button type="button" class="danger" onClick={() => (ask(false), act(() => client.deleteSchedule(name)))}>
            Delete the schedule
          </button>{" "}
          <button type="button" class="quiet" onClick={() => ask(false)}>
            Keep it
          </button>
        </Question>
      )}
    </section>
  );
}

function Outcome({ schedule }: { schedule: Schedule }) {
  const last = schedule.lastFiring;
  if (last?.task) return <a href={link([projectOf(last.task), "tasks", lastPart(last.task)])}>{visible(lastPart(last.task))}</a>;
  if (last?.failure) return <>refused: {visible(last.failure.message)}</>;
  return <>{last?.overlapped ? "left out, as the task before had not ended" : "its task was deleted"}</>;
}

function timing({ timing: when, timeZone }: Schedule): string {
  if (when.case === "cron") return `${when.value} (${timeZone || "UTC"})`;
  return when.case === "every" ? `every ${every(Number(when.value.seconds))}` : "at times that this page does not know";
}

const UNITS = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;

function every(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds % size === 0) ?? [1, "second"];
  return count(seconds / size, unit);
}
