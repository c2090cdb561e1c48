//! One column of a Parquet file into texts: what a number or a time of each type looks like in a row.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType, Int96};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;
use scanbench_w3c::Timestamp;
use std::fmt;
use std::io::Write as _;

/// Milliseconds of a Julian day number at 1970-01-01, from which the old 96-bit times count.
const UNIX_EPOCH_JULIAN_DAY: i64 = 2_440_588;
const MS_PER_DAY: i64 = 86_400_000;

/// The most bytes that the values of a stretch of one column may have. A dictionary may hold one long text and
/// name it a million times, so the size of the file is no bound.
const MAX_TEXT_BYTES: usize = 64 << 20;

/// How the values of a column are to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// As they are: texts, bytes, true or false.
    Plain,
    /// Whole numbers without a sign, which Parquet stores in the bits of signed ones.
    Unsigned,
    /// A moment: so many units to the millisecond, or milliseconds to the unit.
    Moment { divide: i64, multiply: i64 },
}

impl Meaning {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let moment = |divide, multiply| Self::Moment { divide, multiply };
        if column.physical_type() == Type::INT96 {
            return moment(1, 1);
        }
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Timestamp(about)), _) => match about.unit {
                TimeUnit::MILLIS => moment(1, 1),
                TimeUnit::MICROS => moment(1000, 1),
                TimeUnit::NANOS => moment(1_000_000, 1),
            },
            (_, ConvertedType::TIMESTAMP_MILLIS) => moment(1, 1),
            (_, ConvertedType::TIMESTAMP_MICROS) => moment(1000, 1),
            (
                _,
                ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64,
            ) => Self::Unsigned,
            (Some(LogicalType::Integer(about)), _) if !about.is_signed => Self::Unsigned,
            _ => Self::Plain,
        }
    }
}

/// Texts of a stretch of a column, one behind another.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) text: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Texts {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end_value(&mut self) -> Result<()> {
        self.ends.push(self.text.len());
        if self.text.len() > MAX_TEXT_BYTES {
            return Err(ParquetError::General(format!(
                "{} values of a column have more than {} MiB",
                self.ends.len(),
                MAX_TEXT_BYTES >> 20
            )));
        }
        Ok(())
    }

    fn push(&mut self, value: impl fmt::Display) {
        // Writing to a Vec cannot fail.
        let _ = write!(self.text, "{value}");
    }
}

/// Reads up to `count` values of a column, null as an empty text.
pub(super) fn read(
    reader: &mut ColumnReader,
    meaning: Meaning,
    optional: bool,
    count: usize,
    out: &mut Texts,
) -> Result<()> {
    let moment = |millis: i64| Timestamp::from_millis(millis);
    match reader {
        ColumnReader::BoolColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| out.push(value))
        }
        ColumnReader::Int32ColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| match meaning {
                Meaning::Unsigned => out.push(value.cast_unsigned()),
                _ => out.push(value),
            })
        }
        ColumnReader::Int64ColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| match meaning {
                Meaning::Unsigned => out.push(value.cast_unsigned()),
                Meaning::Moment { divide, multiply } => {
                    out.push(moment(value.div_euclid(divide).saturating_mul(multiply)));
                }
                Meaning::Plain => out.push(value),
            })
        }
        ColumnReader::Int96ColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| {
                out.push(moment(millis_of(value)));
            })
        }
        ColumnReader::FloatColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| out.push(value))
        }
        ColumnReader::DoubleColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| out.push(value))
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            typed(reader, optional, count, out, |value: &ByteArray, out| {
                out.text.extend_from_slice(value.data());
            })
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            typed(reader, optional, count, out, |value, out| {
                out.text.extend_from_slice(value.data());
            })
        }
    }
}

fn typed<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    optional: bool,
    count: usize,
    out: &mut Texts,
    mut write: impl FnMut(&T::T, &mut Texts),
) -> Result<()> {
    let mut values = Vec::with_capacity(count);
    if !optional {
        reader.read_records(count, None, None, &mut values)?;
        for value in &values {
            write(value, out);
            out.end_value()?;
        }
        return Ok(());
    }
    let mut levels = Vec::with_capacity(count);
    reader.read_records(count, Some(&mut levels), None, &mut values)?;
    let mut values = values.iter();
    for level in levels {
        if level > 0
            && let Some(value) = values.next()
        {
            write(value, out);
        }
        out.end_value()?;
    }
    Ok(())
}

/// Nanoseconds of the day, and a Julian day number.
fn millis_of(value: &Int96) -> i64 {
    let &[low, high, day] = value.data() else {
        return 0;
    };
    let nanos = u64::from(high) << 32 | u64::from(low);
    let millis = i64::try_from(nanos / 1_000_000).unwrap_or(0);
    (i64::from(day) - UNIX_EPOCH_JULIAN_DAY).saturating_mul(MS_PER_DAY) + millis
}
