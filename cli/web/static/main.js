// Begin.

import { byId, make } from "./dom.js";
import { Notices } from "./notices.js";

const notices = new Notices(byId("status"), byId("problem"));

await notices.during(async () => {
  const { server } = await import("./api.js"); // asks the server, which may be gone
  const parts = ["./files.js", "./intake.js", "./live.js", "./studio.js"];
  const [{ Files }, { startIntake }, { startLive }, { Studio }] = await Promise.all(parts.map((part) => import(part)));
  const studio = new Studio(notices);
  const files = new Files((entry) => studio.open(entry));
  startIntake(notices, (chosen) => files.add(chosen), () => studio.stop());
  startLive(() => studio.stop());
  byId("footer").append(
    make("p", {}, `Model ${server.model} ${server.id}. The server keeps nothing of what it codes; recordings stay in this page until you close it.`),
    make("p", {}, "At these rates words can change: don’t rely on it where a wrong word does harm."),
  );
  document.documentElement.dataset.ready = "yes";
});
