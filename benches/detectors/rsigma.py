"""Runs rsigma's value_count over W3C logs: `rsigma.py LOG... [--tumbling]` prints rows as JSON lines.

rsigma reads NDJSON, and counts events in the order in which they come; so the logs are merged by time and written with
the five fields that the rule needs. Without --tumbling each alert is a row, its time that of the last event in it. With
it, the rows are the last alerts of each bin.
"""

import argparse
import datetime
import heapq
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers/engines"))

from common import THRESHOLD, Log  # noqa: E402

RULE = """
title: Any request
id: 6a0f2c1e-5a0b-4a86-9f0c-0d8d3c0f7a01
name: request
logsource: {{category: webserver}}
detection:
  selection: {{port|gte: 0}}
  condition: selection
---
title: Many ports
id: 6a0f2c1e-5a0b-4a86-9f0c-0d8d3c0f7a02
correlation:
  type: value_count
  rules: [request]
  group-by: [c_ip, computer, s_ip]
  timespan: 10m{window}
  condition: {{field: port, gte: {threshold}}}
level: high
"""


def entries(log):
    """(time, client, computer, server, port) of each line, in the log's order."""
    at = [log.columns.index(name) for name in ("date", "time", "c_ip", "s_ip", "s_port")]
    computer = log.columns.index("computer") if "computer" in log.columns else None
    with open(log.path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            values = line.rstrip("\r\n").split(" ")
            date, time, c_ip, s_ip, port = (values[number] for number in at)
            if port.isdigit():
                name = log.folder_name if computer is None else values[computer]
                yield f"{date}T{time}Z", c_ip, name, s_ip, int(port)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Log, nargs="+", metavar="LOG")
    parser.add_argument("--tumbling", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        window = "\n  window: tumbling" if options.tumbling else ""
        (work / "rule.yml").write_text(RULE.format(window=window, threshold=THRESHOLD))
        with open(work / "events.ndjson", "w", encoding="utf-8") as events:
            for time, c_ip, computer, s_ip, port in heapq.merge(*map(entries, options.logs)):
                event = {"timestamp": time, "c_ip": c_ip, "computer": computer, "s_ip": s_ip, "port": port}
                events.write(json.dumps(event) + "\n")
        command = [HERE / ".tools/bin/rsigma", "--output-format", "ndjson", "--quiet", "engine", "eval"]
        command += ["--rules", work / "rule.yml", "--no-detections", "--timestamp-field", "timestamp"]
        command += ["--correlation-event-mode", "refs", "--max-correlation-events", "1"]
        # Its default forgets groups of which there are more; all of them are kept, as the rule does.
        command += ["--max-state-entries", "100000000"]
        rows = {}
        with open(work / "events.ndjson", "rb") as events:
            done = subprocess.run(command, stdin=events, stdout=subprocess.PIPE, check=True)
        for line in done.stdout.splitlines():
            alert = json.loads(line)
            if "correlation_type" not in alert:
                continue
            key = dict(alert["group_key"])
            moment = datetime.datetime.fromtimestamp(alert["event_refs"][-1]["timestamp"], datetime.UTC)
            time = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
            row = {"bin": time, **key, "ports": int(alert["aggregated_value"])}
            if options.tumbling:
                row["bin"] = f"{time[:15]}0:00Z"
                rows[row["bin"], *key.values()] = row
            else:
                print(json.dumps(row))
        for row in rows.values():
            print(json.dumps(row))


if __name__ == "__main__":
    main()
