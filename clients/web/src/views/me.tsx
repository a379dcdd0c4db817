/** Who one is to the server, and what one may. */
import { Title } from "../parts.js";
import { useSession } from "../session.js";
import { visible } from "../text.js";

const ROLES = ["unknown", "viewer: looks, and changes nothing", "operator: acts, too", "admin: says who may do what, too"];
const HOW = ["in a way that this page does not know", "nobody is asked", "by a token", "by a client certificate", "by your identity provider"];

export function Me() {
  const { caller } = useSession();
  if (!caller) return <p role="status">asking …</p>;
  const roles = Object.entries(caller.projectRoles);
  return (
    <>
      <Title document="Who I am">{visible(caller.creator)}</Title>
      <dl class="facts">
        <Fact name="Known" value={HOW[caller.identity] ?? HOW[0]!} />
        <Fact name="Projects" value={caller.allProjects ? "all" : caller.projects.map(visible).join(", ") || "none"} />
        <Fact name="Role" value={ROLES[caller.role] ?? ROLES[0]!} />
        {roles.map(([project, role]) => (
          <Fact key={project} name={`in ${visible(project)}`} value={ROLES[role] ?? ROLES[0]!} />
        ))}
      </dl>
      <p>What you may not do is not offered here; the server refuses it in any case.</p>
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
