// Begin.

import { byId, make } from "./dom.js";
import { Notices } from "./notices.js";

const notices = new Notices(byId("status"), byId("problem"));

await notices.during(async () => {
  const { server } = await import("./api.js"); // asks the server, which may be gone
  const [{ startIntake }, { startLive }, { Studio }] = await Promise.all([import("./intake.js"), import("./live.js"), import("./studio.js")]);
  const studio = new Studio(notices);
  startIntake(notices, (file) => studio.open(file), () => studio.stop());
  startLive(() => studio.stop());
  byId("footer").append(
    make("p", {}, `Model ${server.model} ${server.id}. The server keeps nothing of what it codes; recordings stay in this page until you close it.`),
    make("p", {}, "At these rates words can change: don’t rely on it where a wrong word does harm."),
  );
  document.documentElement.dataset.ready = "yes";
});
