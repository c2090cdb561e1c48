# usage: lnav.sh LOG...
# The server's name is the folder above W3SVC<id>. lnav keeps what it is given to do, so it gets a home of its own.
HOME=$(mktemp -d)
export HOME
trap 'rm -rf "$HOME"' EXIT
cat > "$HOME/rule.lnav" <<'COMMANDS'
;SELECT strftime('%Y-%m-%dT%H:', log_time) || substr(strftime('%M', log_time), 1, 1) || '0:00Z' AS bin, c_ip, regexp_match('([^/]+)/W3SVC', log_path) AS computer, s_ip, count(DISTINCT s_port) AS ports, count(*) AS connections FROM w3c_log GROUP BY 1, 2, 3, 4 HAVING ports >= 30
:write-csv-to -
COMMANDS
lnav -n -f "$HOME/rule.lnav" "$@"
