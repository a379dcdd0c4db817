/** The same request, to be copied: for the command line, Python, Go and curl. */
import type { Json } from "./schema.js";

type Params = { readonly [key: string]: Json };

const shell = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** Returns the request by each way, by its name. */
export function snippets(project: string, script: string, params: Params, origin: string): Record<string, string> {
  const json = JSON.stringify(params);
  const words = Object.entries(params).map(([key, value]) =>
    shell(typeof value === "string" ? `${key}=${value}` : `${key}:=${JSON.stringify(value)}`),
  );
  const request = { parent: `projects/${project}`, task: { script, params } };
  return {
    "Command line": ["wharfinger submit --project", shell(project), shell(script), ...words].join(" "),
    Python: `import json\nimport wharfinger\n\nwith wharfinger.Client(project=${JSON.stringify(project)}) as client:\n    task = client.submit(${JSON.stringify(script)}, json.loads(${JSON.stringify(json)}))\n    print(client.result(task.name))\n`,
    Go: `task, err := client.Submit(ctx, ${JSON.stringify(script)}, json.RawMessage(${JSON.stringify(json)}))\n`,
    curl: `curl -s ${shell(`${origin}/wharfinger.v1.TaskService/CreateTask`)} -H 'content-type: application/json' \\\n  -d ${shell(JSON.stringify(request))}\n`,
  };
}
