# The rule in awk, over all logs of a dataset at once: counts only, one thread, every group held to the end.
# usage: mawk [-v folder=NAME] -f rule.awk LOG...
# Without s-computername the Computer is NAME, or else the folder of the server: .../COMPUTER/W3SVC1/u_ex261102.log
BEGIN { given = folder }
FNR == 1 {
    depth = split(FILENAME, folders, "/")
    folder = given != "" ? given : folders[depth - 2]
    delete at
}
/^#Fields:/ { delete at; for (i = 2; i <= NF; i++) { sub(/\r$/, "", $i); at[$i] = i - 1 } next }
/^#/ { next }
{
    computer = ("s-computername" in at) ? $at["s-computername"] : folder
    key = $at["date"] " " substr($at["time"], 1, 4) " " $at["c-ip"] " " computer " " $at["s-ip"]
    connections[key]++
    port = $at["s-port"]
    if (port != "-" && !((key, port) in seen)) { seen[key, port]; ports[key]++ }
}
END {
    for (key in ports) if (ports[key] >= 30) {
        split(key, part, " ")
        printf "{\"bin\": \"%sT%s0:00Z\", \"c_ip\": \"%s\", \"computer\": \"%s\", \"s_ip\": \"%s\", ", part[1], part[2], part[3], part[4], part[5]
        printf "\"ports\": %d, \"connections\": %d}\n", ports[key], connections[key]
    }
}
