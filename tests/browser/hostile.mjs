// Makes a dataset hostile: whatever a client, a server's owner or a dataset's author can choose is text that would act in
// a page, a terminal or a spreadsheet. The numbers stay as they were, and the manifest is written anew.
//
//     node hostile.mjs DATASET EXCLUSIONS     (writes the exclusion list too)
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

const [folder, exclusions] = process.argv.slice(2);

const SCRIPT = "<script>window.hit=1</script><img src=x onerror=window.hit=1>";
const ACTING = '"onload="window.hit=1"\x1b[31m\x1b]0;hit\x07\u202etxt.exe\u2066\u200b=cmd|\' /C calc\'!A0@all[x](javascript:hit)';
const LONG = "A".repeat(10_000) + "<b>end</b>";
const NAME = `${SCRIPT} ${ACTING}`;

/** A value of a log, in which a blank would end it. */
const inLog = (text) => text.replaceAll(" ", "+").replaceAll("\r", "").replaceAll("\n", "");

function filesIn(from) {
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

// The server's name is the name of its folder.
const server = inLog(`HOST01${SCRIPT.replaceAll("/", "|")}\u202e"onload=`);
renameSync(join(folder, "logs/HOST01"), join(folder, "logs", server));
renameSync(join(folder, "labels/HOST01"), join(folder, "labels", server));

const campaign = `scan ${NAME} ${LONG}`;
const rewrite = (name, change) => {
  const path = join(folder, name);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.stringify(change(JSON.parse(line))));
  writeFileSync(path, lines.join("\n") + "\n");
};
let client = "";
rewrite("truth/campaigns.jsonl", (one) => {
  client = one.clients[0];
  return { ...one, id: campaign, server };
});
rewrite("truth/windows.jsonl", (one) => ({ ...one, computer: server, campaigns: [campaign] }));
for (const path of filesIn(join(folder, "labels"))) rewrite(relative(folder, path), (one) => ({ ...one, campaign }));

// The scan's lines: user, path, query, agent and referrer.
const values = [NAME, ACTING, SCRIPT, LONG];
for (const path of filesIn(join(folder, "logs"))) {
  let fields = [];
  let turn = 0;
  const lines = readFileSync(path, "utf8").split("\n").map((line) => {
    if (line.startsWith("#Fields:")) fields = line.trim().split(" ").slice(1);
    const parts = line.split(" ");
    if (line.startsWith("#") || parts[fields.indexOf("c-ip")] !== client) return line;
    const value = values[turn++ % values.length];
    for (const [field, text] of [
      ["cs-username", value],
      ["cs-uri-stem", "/" + value],
      ["cs-uri-query", encodeURIComponent(value)],
      ["cs(User-Agent)", value],
      ["cs(Referer)", value],
    ]) {
      parts[fields.indexOf(field)] = inLog(text);
    }
    return parts.join(" ");
  });
  writeFileSync(path, lines.join("\n"));
}

const manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
manifest.scenario = NAME;
for (const file of manifest.files) {
  file.path = file.path.replace("/HOST01/", `/${server}/`);
  const bytes = readFileSync(join(folder, file.path.replaceAll("/", sep)));
  file.sha256 = createHash("sha256").update(bytes).digest("hex");
  file.bytes = statSync(join(folder, file.path)).size;
}
writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest, null, 2));

// It hides the scan, so that all its names come together in the report.
writeFileSync(
  exclusions,
  `version = 1
[[exclusion]]
id = ${JSON.stringify(SCRIPT + '"onload=')}
reason = ${JSON.stringify("=cmd|' /C calc'!A0 " + SCRIPT)}
owner = "soc@example.com"
stage = "event"
match.c-ip = [${JSON.stringify(client)}]
[exclusion.expect]
max-hidden-campaigns = 1
`,
);
