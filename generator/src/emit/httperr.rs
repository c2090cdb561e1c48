//! The log of HTTP.sys: contacts that never reach a site, because no complete request came of them.

use super::{Buffer, Destination, OutputFile};
use crate::error::GenerateError;
use crate::inventory::Server;
use crate::manifest::FileRecord;
use crate::request::{Contact, Reason};
use scanbench_w3c::{Newline, Timestamp};
use std::io::Write as _;

/// Where one log ends and the next begins (Microsoft, *Error logging in HTTP Server APIs*).
const FULL: u64 = 1 << 20;
const FIELDS: &str = "date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason \
                      s-queuename";

/// Writes the logs of one server.
#[derive(Debug)]
pub(crate) struct ErrorLog<'w> {
    server: &'w Server,
    current: Option<OutputFile>,
    nth: u32,
    done: Vec<FileRecord>,
}

impl<'w> ErrorLog<'w> {
    pub(crate) fn new(server: &'w Server) -> Self {
        Self {
            server,
            current: None,
            nth: 0,
            done: Vec::new(),
        }
    }

    /// Appends the line of a contact; they come in the order of time.
    pub(crate) fn line(
        &mut self,
        contact: &Contact,
        to: &Destination,
    ) -> Result<(), GenerateError> {
        if self
            .current
            .as_ref()
            .is_some_and(|file| file.plain_bytes() >= FULL)
        {
            self.close(to)?;
        }
        let moment = Timestamp::from_millis(contact.time - contact.time.rem_euclid(1000));
        let server = self.server;
        let nth = &mut self.nth;
        let file = self.current.get_or_insert_with(|| {
            *nth += 1;
            let mut file = OutputFile::new(format!("httperr/{}/httperr{nth}.log", server.name));
            let out = file.text();
            // Writing to a buffer cannot fail.
            let _ = write!(
                out,
                "#Software: Microsoft HTTP API 2.0\r\n#Version: 1.0\r\n#Date: "
            );
            stamp(out, moment);
            let _ = write!(out, "\r\n#Fields: {FIELDS}\r\n");
            file.count(4, 0);
            file
        });
        let out = file.text();
        stamp(out, moment);
        let _ = write!(
            out,
            " {} {} {} {}",
            contact.client,
            contact.client_port,
            server.address_at(contact.address),
            contact.port,
        );
        out.push(match contact.reason {
            Reason::Idle => b" - - - - - Timer_ConnectionIdle -",
            Reason::Verb => b" - - - 400 - Verb -",
            Reason::Hostname => b" HTTP/1.1 GET / 400 - Hostname -",
        });
        out.push(Newline::CrLf.as_bytes());
        file.count(1, 1);
        file.pump(to)
    }

    /// The records of all its files.
    pub(crate) fn finish(mut self, to: &Destination) -> Result<Vec<FileRecord>, GenerateError> {
        self.close(to)?;
        Ok(self.done)
    }

    fn close(&mut self, to: &Destination) -> Result<(), GenerateError> {
        if let Some(file) = self.current.take() {
            self.done.extend(file.close(to)?);
        }
        Ok(())
    }
}

fn stamp(out: &mut Buffer, moment: Timestamp) {
    let mut text = Vec::with_capacity(20);
    moment.write_date(&mut text);
    text.push(b' ');
    moment.write_time(&mut text);
    out.push(&text);
}
