/** What the server runs, and where: scripts and executors. */
import { Title, Trouble } from "../parts.js";
import { link } from "../route.js";
import { useAnswer, useSession } from "../session.js";
import { lastPart, visible } from "../text.js";

export function Scripts({ project }: { project: string }) {
  const session = useSession();
  const [asked, again] = useAnswer(async (signal) => (await session.client(project).raw.executors.listScripts({ pageSize: 1000 }, { signal })).scripts, []);
  return (
    <>
      <Title document="Scripts">Scripts</Title>
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {asked.state === "told" && asked.value.length === 0 && (
        <p class="empty">
          None is installed: <code>pip install wharfinger-image</code>, or <code>wharfinger serve --scripts FOLDER</code>.
        </p>
      )}
      {asked.state === "told" &&
        asked.value.map((script) => {
          const name = lastPart(script.name);
          const can = [script.canUndo && "undone", script.canFind && "found again", script.canLook && "looked at", script.canEstimate && "estimated", script.resumable && "resumed"].filter(Boolean);
          return (
            <section key={script.name} aria-label={name} class="card">
              <h2>
                {visible(name)} <span class="none">{visible(script.version)}</span>
              </h2>
              <p>{visible(script.summary)}</p>
              {script.brokenReason ? (
                <Trouble why={`It can't be run: ${script.brokenReason}`} />
              ) : (
                <p>
                  {can.length > 0 && <>Can be {can.join(", ")}. </>}
                  <a href={link([project, "submit", name])}>Submit a task of it</a>
                </p>
              )}
              <details>
                <summary>What it takes</summary>
                <pre tabIndex={0}>{visible(JSON.stringify(script.paramsSchema ?? {}, null, 2))}</pre>
              </details>
            </section>
          );
        })}
    </>
  );
}

export function Executors() {
  const session = useSession();
  const [asked, again] = useAnswer(async (signal) => (await session.client("default").raw.executors.listExecutors({}, { signal })).executors, []);
  return (
    <>
      <Title document="Executors">Executors</Title>
      <button type="button" class="small" onClick={again}>
        Ask again
      </button>
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {asked.state === "told" &&
        asked.value.map((one) => (
          <section key={one.name} aria-label={lastPart(one.name)} class="card">
            <h2>{visible(lastPart(one.name))}</h2>
            <p>{visible(one.summary)}</p>
            <p>
              {one.running} running, {one.queued} waiting, {one.slots} slots{one.draining && ", draining: it takes nothing new"}
            </p>
            {one.unavailableReason && <Trouble why={one.unavailableReason} />}
            {one.workers.length > 0 && (
              <ul>
                {one.workers.map((worker) => (
                  <li key={worker.id}>{visible(`${worker.id} on ${worker.host} (${worker.language}): ${worker.running} of ${worker.slots}`)}</li>
                ))}
              </ul>
            )}
          </section>
        ))}
    </>
  );
}
