//! Alerts of every engine, and files that are none.

use super::*;

fn read(text: &str, mapping: &[&str]) -> Result<Vec<Alert>, AlertsError> {
    let mut columns = Mapping::default();
    for one in mapping {
        columns.set(one.parse().unwrap());
    }
    read_alerts(text.as_bytes(), &columns)
}

/// The same alert, told by each engine.
#[test]
fn every_engine_tells_the_same() {
    for (text, mapping) in [
        (
            "TimeGenerated,cIP,set_sPort,Computer,sIP,portCount\n2026-11-02T03:10:00Z,192.0.2.7,\"[80,443]\",WEB01,10.0.0.1,2\n",
            &[][..],
        ),
        (
            "TimeGenerated [UTC],cIP,Computer,sIP,portCount\n\"11/2/2026, 3:10:00.000 AM\",192.0.2.7,WEB01,10.0.0.1,2\n",
            &["time=TimeGenerated [UTC]"],
        ),
        (
            "{\"preview\":false,\"result\":{\"_time\":\"2026-11-02T04:10:00.000+01:00\",\"src\":\"192.0.2.7\",\"dest\":\"10.0.0.1\",\"host\":\"WEB01\",\"dc(dest_port)\":\"2\"}}\n",
            &[],
        ),
        (
            "[{\"_source\":{\"@timestamp\":\"2026-11-02T03:10:00.000Z\",\"source\":{\"ip\":\"192.0.2.7\"},\"destination\":{\"ip\":[\"10.0.0.1\"]},\"host\":{\"name\":\"WEB01\"}},\"n\":2}]",
            &[],
        ),
        (
            "{\"ts\":1793589000.0,\"src\":\"192.0.2.7\",\"dst\":\"10.0.0.1\",\"peer_descr\":\"WEB01\",\"n\":2}",
            &[],
        ),
        (
            "{\"rule_title\":\"x\",\"group_key\":[[\"c-ip\",\"192.0.2.7\"],[\"s-ip\",\"10.0.0.1\"],[\"s-computername\",\"WEB01\"]],\"aggregated_value\":2.0,\"event_refs\":[{\"timestamp\":\"2026-11-02T03:01:00Z\"},{\"timestamp\":\"2026-11-02T03:10:00Z\"}]}",
            &[],
        ),
        ("when;who\n", &["time=when;who", "client=when;who"]),
    ] {
        let alerts = read(text, mapping).unwrap();
        if text.starts_with("when") {
            assert!(alerts.is_empty());
            continue;
        }
        let [alert] = &alerts[..] else {
            panic!("{text}")
        };
        assert_eq!(
            alert.time_generated.to_string(),
            "2026-11-02T03:10:00Z",
            "{text}"
        );
        assert_eq!(
            (&*alert.c_ip, &*alert.computer, &*alert.s_ip),
            ("192.0.2.7", "WEB01", "10.0.0.1"),
            "{text}"
        );
        assert_eq!(alert.port_count, 2, "{text}");
    }
    assert_eq!(read("", &[]), Ok(Vec::new()));
}

#[test]
fn what_is_wrong_is_said() {
    let error = |text: &str, mapping: &[&str]| read(text, mapping).unwrap_err().to_string();
    assert_eq!(
        error("a,b\u{1b}\n1,2\n", &[]),
        "no column tells the time; there are: a, b\\x1b; say it with --map time=COLUMN"
    );
    assert!(error("ts,src\n1,2\n", &["client=who"]).contains("--map client=COLUMN"));
    assert_eq!(
        error(
            "ts,src\n2026-11-02T03:10:00Z,192.0.2.7\nsoon,192.0.2.7\nnever,x\n",
            &[]
        ),
        "2 alerts cannot be read, the first as alert 2: \"soon\" is no time"
    );
    assert!(error("{\"ts\":1}\n{\"ts\"", &[]).starts_with("no CSV"));
    // Found by a fuzzer's law: what is written of such a time could not be read again.
    for far in [
        "1e300",
        "900000000000000",
        "-99999999999",
        // The first millisecond of the year 10000.
        "253402300800000",
        "\"9999-12-31T23:59:59-00:01\"",
        "\"0000-01-01T00:00:00+00:01\"",
    ] {
        let text = format!("{{\"ts\":{far},\"src\":\"a\"}}");
        assert!(error(&text, &[]).ends_with("is no time"), "{far}");
    }
    assert!(read("{\"ts\":253402300799999,\"src\":\"a\"}", &[]).is_ok());
    assert!(
        "what=x"
            .parse::<MappedColumn>()
            .unwrap_err()
            .contains("roles are time, end")
    );
}
