//! The W3C extended log format as Microsoft IIS writes it: fields, directives, entries, a reader that never
//! panics and loses nothing silently, and a writer. Nothing in here knows about attacks.
//!
//! The format is the W3C working draft *Extended Log File Format* (WD-logfile-960323); where IIS departs from
//! the draft (no quoting, a space inside a value becomes `+`, an empty value is `-`), IIS wins.
//!
//! ```
//! use scanbench_w3c::{Field, Item, Reader};
//!
//! let log = b"#Fields: date time c-ip s-port\n2026-11-02 10:00:00 192.0.2.7 8080\nnot an entry\n";
//! let mut reader = Reader::new(log.as_slice())?;
//! let mut ports = Vec::new();
//! while let Some(item) = reader.next_item()? {
//!     match item {
//!         Item::Entry(entry) => ports.push(entry.get(Field::SPort).map(<[u8]>::to_vec)),
//!         Item::Bad(bad) => assert_eq!(bad.line, 3),
//!     }
//! }
//! assert_eq!(ports, [Some(b"8080".to_vec())]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bad_line;
mod block;
mod columns;
mod content;
mod cut;
mod directive;
mod entry;
mod field;
mod lines;
mod masks;
mod parser;
mod raw_lines;
mod reader;
mod record;
mod split;
mod text;
mod time;
mod writer;
mod zone;

pub use bad_line::{BadLine, Problem};
pub use block::{BlockLine, BlockLines, BlockReader, Bounds};
pub use columns::Columns;
pub use content::{Content, LooksLike, OtherLog};
pub use cut::Shape;
pub use directive::Directive;
pub use entry::Entry;
pub use field::Field;
pub use masks::bring_near;
pub use parser::{Header, Line, LineParser, RawLine, parse_port, parse_port_in};
pub use raw_lines::{RawLines, WholeLine};
pub use reader::{Counts, Item, MAX_LINE_BYTES, ReadError, Reader};
pub use record::Record;
pub use text::{acts, inert_json, visible, visible_lines};
pub use time::{LogClock, Timestamp, TimestampError};
pub use writer::{Newline, Writer, encode_value};
pub use zone::{Zone, ZoneError};
