// Events of makelogs, with which Kibana was tested: node makelogs.js FOLDER LINES. It sends them to Elasticsearch; here
// each becomes a line of JSON, as in its bulk requests. FOLDER has its node_modules.
"use strict";
const fs = require("fs");
const path = require("path");

const [folder, lines] = process.argv.slice(2);
process.argv = ["node", "makelogs", "--count", lines, "--days", "1"];
const randomEvent = require(path.join(folder, "node_modules/@elastic/makelogs/_randomEvent.js"));

let waiting = [];
let length = 0;
const write = () => {
  const bytes = Buffer.from(waiting.join(""));
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(1, bytes, at);
  waiting = [];
  length = 0;
};
for (let nth = 0; nth < Number(lines); nth += 1) {
  const line = JSON.stringify(randomEvent("logstash-")) + "\n";
  waiting.push(line);
  length += line.length;
  if (length > 1 << 18) write();
}
write();
