//! Tables as Parquet, read a stretch of rows at a time.

use super::layout::Layout;
use super::moment::Clock;
use super::parquet_values::{Meaning, Texts, read};
use super::table::{BadRow, Row, Span, TableCounts, TableError, TableItem, TableReader, check};
use bytes::Bytes;
use parquet::basic::Type;
use parquet::column::reader::ColumnReader;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::cell::Cell;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

/// Rows that are held at a time, of all columns.
const STRETCH_ROWS: usize = 1024;

/// The most bytes that the values of such a stretch may have.
const MAX_STRETCH_BYTES: usize = 256 << 20;

/// The most that the pages of one column in one row group may grow by, and the bytes up to which that is not
/// judged, as for packed text. These are the file's own figures: one that lies about them can make a page take
/// up to 2 GiB, the format's own limit, since the true size shows only once it is unpacked.
const MAX_RATIO: i64 = 700;
const UNJUDGED_BYTES: i64 = 64 << 20;

/// Rows of a Parquet file.
pub(super) struct ParquetRows {
    file: SerializedFileReader<Whole>,
    layout: Layout,
    columns: Vec<Column>,
    clock: Clock,
    /// The next row group.
    group: usize,
    readers: Vec<ColumnReader>,
    /// Rows of this row group that are not in the stretch yet.
    left: usize,
    stretch: Stretch,
    counts: TableCounts,
}

/// A column that is read: not one inside a list or a structure.
struct Column {
    index: usize,
    meaning: Meaning,
    optional: bool,
    /// Whether it is asked for.
    is_read: bool,
}

/// The values of a stretch of rows.
#[derive(Default)]
struct Stretch {
    text: Vec<u8>,
    /// Row by row.
    spans: Vec<Span>,
    rows: usize,
    next: usize,
    scratch: Texts,
}

impl ParquetRows {
    /// Reads the schema.
    pub(super) fn open(file: File) -> Result<Self, TableError> {
        let whole = file.metadata().map(|about| Whole {
            length: about.len(),
            file,
        });
        let whole = whole.map_err(|source| broken(0, Fault::Io(source)))?;
        let file = guarded(|| SerializedFileReader::new(whole)).map_err(|what| broken(0, what))?;
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        let (mut layout, mut columns) = (Layout::default(), Vec::new());
        for (index, column) in schema.columns().iter().enumerate() {
            if column.path().parts().len() != 1 || column.max_rep_level() != 0 {
                continue;
            }
            let meaning = Meaning::of(column);
            layout.add(column.name());
            check_type(&layout, columns.len(), column, meaning)?;
            columns.push(Column {
                index,
                meaning,
                optional: column.max_def_level() > 0,
                is_read: true,
            });
        }
        let missing = layout.missing();
        if !missing.is_empty() {
            return Err(TableError::NoColumns(missing));
        }
        Ok(Self {
            file,
            layout,
            columns,
            clock: Clock::default(),
            group: 0,
            readers: Vec::new(),
            left: 0,
            stretch: Stretch::default(),
            counts: TableCounts::default(),
        })
    }

    /// The next stretch of rows; whether there is one.
    fn next_stretch(&mut self) -> Result<bool, Fault> {
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            self.open_group()?;
        }
        let count = self.left.min(STRETCH_ROWS);
        self.left -= count;
        let (columns, stretch) = (&self.columns, &mut self.stretch);
        stretch.text.clear();
        stretch.spans.clear();
        stretch.spans.resize(count * columns.len(), None);
        (stretch.rows, stretch.next) = (count, 0);
        let read_columns = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.is_read);
        for ((position, column), reader) in read_columns.zip(&mut self.readers) {
            let scratch = &mut stretch.scratch;
            scratch.clear();
            guarded(|| read(reader, column.meaning, column.optional, count, scratch))?;
            if scratch.ends.len() != count {
                return Err(Fault::Content(format!(
                    "the column {} has fewer values than its row group has rows",
                    self.layout.name(position)
                )));
            }
            let base = stretch.text.len();
            if base + scratch.text.len() > MAX_STRETCH_BYTES {
                return Err(Fault::Content(format!(
                    "{count} rows together have more than {} MiB",
                    MAX_STRETCH_BYTES >> 20
                )));
            }
            stretch.text.extend_from_slice(&scratch.text);
            let mut start = base;
            for (row, end) in scratch.ends.iter().enumerate() {
                stretch.spans[row * columns.len() + position] = Some((start, base + end));
                start = base + end;
            }
        }
        self.counts.bytes += stretch.text.len() as u64;
        Ok(true)
    }

    fn open_group(&mut self) -> Result<(), Fault> {
        let (group, columns, readers) = (self.group, &self.columns, &mut self.readers);
        self.group += 1;
        readers.clear();
        let file = &self.file;
        self.left = guarded(|| {
            let reader = file.get_row_group(group)?;
            for column in columns.iter().filter(|column| column.is_read) {
                let about = reader.metadata().column(column.index);
                let (packed, plain) = (about.compressed_size(), about.uncompressed_size());
                if plain > UNJUDGED_BYTES && plain / MAX_RATIO > packed {
                    return Err(ParquetError::General(format!(
                        "a column unpacks to more than {MAX_RATIO} times its size"
                    )));
                }
                readers.push(reader.get_column_reader(column.index)?);
            }
            Ok(usize::try_from(reader.metadata().num_rows()).unwrap_or(0))
        })?;
        Ok(())
    }
}

impl TableReader for ParquetRows {
    fn next_row(&mut self) -> Result<Option<TableItem<'_>>, TableError> {
        if self.stretch.next == self.stretch.rows {
            let row = self.counts.rows + self.counts.bad;
            match self.next_stretch() {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(what) => {
                    // Nothing behind it is trusted.
                    (self.group, self.left) = (self.file.num_row_groups(), 0);
                    (self.stretch.rows, self.stretch.next) = (0, 0);
                    return Err(broken(row, what));
                }
            }
        }
        let width = self.columns.len();
        let stretch = &mut self.stretch;
        let spans = &stretch.spans[stretch.next * width..(stretch.next + 1) * width];
        stretch.next += 1;
        match check(&self.layout, &stretch.text, spans, &mut self.clock) {
            Ok(checked) => {
                self.counts.rows += 1;
                let row = Row::new(&self.layout, &stretch.text, spans, checked);
                Ok(Some(TableItem::Row(row)))
            }
            Err((column, expected, found)) => {
                self.counts.bad += 1;
                Ok(Some(TableItem::Bad(BadRow {
                    row: self.counts.rows + self.counts.bad,
                    line: None,
                    offset: None,
                    column: column.map(|position| self.layout.name(position).to_owned()),
                    expected,
                    found,
                })))
            }
        }
    }

    fn skip_columns(&mut self, but: Option<&str>) {
        let kept = but.and_then(|name| self.layout.position_of(name));
        for (position, column) in self.columns.iter_mut().enumerate() {
            column.is_read = kept == Some(position) || self.layout.is_used(position);
        }
    }

    fn counts(&self) -> TableCounts {
        self.counts
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }
}

/// A time is a moment or a text. A bare number does not say what it counts.
fn check_type(
    layout: &Layout,
    position: usize,
    column: &ColumnDescriptor,
    meaning: Meaning,
) -> Result<(), TableError> {
    let is_text = matches!(
        column.physical_type(),
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY
    );
    if layout.time() != Some(position) || is_text || matches!(meaning, Meaning::Moment { .. }) {
        return Ok(());
    }
    Err(TableError::ColumnType {
        column: column.name().to_owned(),
        expected: "a timestamp or a text",
        found: column.physical_type().to_string(),
    })
}

fn broken(row: u64, fault: Fault) -> TableError {
    let offset = None;
    match fault {
        Fault::Io(source) => TableError::Io {
            row,
            offset,
            source,
        },
        Fault::Content(what) => TableError::Broken { row, offset, what },
    }
}

/// Why a file cannot be read.
enum Fault {
    /// The system refused: the file itself may be sound.
    Io(io::Error),
    /// The file is not as its format demands.
    Content(String),
}

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        if let ParquetError::External(source) = &error
            && let Some(source) = source.downcast_ref::<io::Error>()
            && let Some(code) = source.raw_os_error()
        {
            return Self::Io(io::Error::from_raw_os_error(code));
        }
        Self::Content(format!("the Parquet file is damaged or cut off ({error})"))
    }
}

/// A file whose length was asked for once: the library's own takes one that it cannot ask for empty.
struct Whole {
    file: File,
    length: u64,
}

impl Length for Whole {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Whole {
    type T = <File as ChunkReader>::T;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.file.get_bytes(start, length)
    }
}

thread_local! {
    /// Whether this thread is in code whose panics are caught and told as errors.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs code of the `parquet` crate, which on some damaged files panics instead of giving an error. A build with
/// `panic = "abort"` would end there.
fn guarded<T>(run: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Fault> {
    static QUIET: Once = Once::new();

    // The message of a panic that is caught would stand on the terminal beside the error.
    QUIET.call_once(|| {
        let told_before = take_hook();
        set_hook(Box::new(move |about| {
            if !GUARDED.get() {
                told_before(about);
            }
        }));
    });
    GUARDED.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Fault::Content(
            "the Parquet file is damaged (its contents contradict themselves)".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EIO, as Linux numbers it: what the system refused is a failure, and the file may be sound.
    #[test]
    fn errors_of_the_system_are_no_damage() {
        let of_system = ParquetError::from(io::Error::from_raw_os_error(5));
        assert!(
            matches!(Fault::from(of_system), Fault::Io(error) if error.raw_os_error() == Some(5))
        );
        let cut = ParquetError::from(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert!(matches!(Fault::from(cut), Fault::Content(_)));
        assert!(matches!(
            Fault::from(ParquetError::EOF("short".to_owned())),
            Fault::Content(what) if what.contains("damaged or cut off")
        ));
    }
}
