// Begin.

function startFooter() {
  const { model, versions } = report;
  const programs = Object.entries(versions ?? {}).map(([name, version]) => `${name} ${version}`);
  byId("footer").append(
    make("p", {}, model ? `Model ${model.name} ${model.id}, SHA-256 ${model.sha256}.` : ""),
    make("p", {}, `Measured with ${listed(programs)}.`),
    make("p", {}, "This file needs no network and asks for none. The same figures: report.json, report.csv, report.md."),
  );
}

startGroups();
startHeadline();
startCurves();
startTable();
startConditions();
startExamples();
startWorst();
if (report.examples.length) startTrials();
startFooter();
